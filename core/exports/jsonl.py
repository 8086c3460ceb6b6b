"""The whole study as JSON lines, which the `concord` import brings back without loss."""

import json
from collections.abc import Generator
from typing import Any

from core.exports.base import Entry, Exporter, Material, exports
from core.exports.csv import iso, label

FORMAT = "concord-1"


class JsonLines(Exporter):
    """A first line about the study, then its items with their contents, then its judgments."""

    kind = "jsonl"
    title = "Everything (JSON lines, can be imported again)"
    suffix = ".jsonl"
    mime = "application/x-ndjson"

    def lines(self, material: Material) -> Generator[str, None, None]:
        yield _line(
            {
                "type": "study", "format": FORMAT, "protocol": material.protocol.data(),
                "state": material.state,
                "wordings": [q.definition() for q in material.wordings],
            }
        )  # fmt: skip
        for item in material.items():
            material.count("items")
            yield _line(
                {
                    "type": "item", "key": item.key, "fields": item.fields, "meta": item.meta,
                    "gold": item.gold, "outputs": item.outputs,
                }
            )  # fmt: skip
        for entry in material.entries():
            material.count("judgments")
            yield _line(_facts(material.protocol.name, entry))


exports.register(JsonLines())


def _facts(study: str, entry: Entry) -> dict[str, Any]:
    rater = entry.rater
    return {
        "type": "judgment", "study": study, "sequence": entry.sequence, "item": entry.item,
        "unit": entry.unit, "outputs": list(entry.outputs), "question": entry.question.name,
        "wording": entry.question.digest,
        "rater": {"kind": rater.kind, "key": rater.key, "name": rater.name,
                  "simulated": rater.simulated, "spec": rater.spec},
        "stage": entry.stage, "repeat": entry.repeat, "condition": entry.condition,
        "value": entry.value, "code": entry.code, "label": label(entry),
        "rationale": entry.rationale, "confidence": entry.confidence, "seconds": entry.seconds,
        "shown": list(entry.shown), "revealed": list(entry.revealed),
        "replaces": entry.replaces, "withdrawn": entry.withdrawn, "status": entry.status,
        "created_at": entry.created_at, "created": iso(entry.created_at),
    }  # fmt: skip


def _line(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"
