"""The whole study as JSON lines, which the `concord` import brings back without loss."""

import json
from collections.abc import Generator
from typing import Any

from core.exports.base import Entry, Exporter, Happening, Judge, Material, exports
from core.exports.csv import iso, label

FORMAT = "concord-1"


class JsonLines(Exporter):
    """A first line about the study, then its items, its judgments and what else happened."""

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
        for event in material.events():
            material.count("events")
            yield _line(_event(event))


exports.register(JsonLines())


def _facts(study: str, entry: Entry) -> dict[str, Any]:
    return {
        "type": "judgment", "study": study, "sequence": entry.sequence, "item": entry.item,
        "unit": entry.unit, "outputs": list(entry.outputs), "question": entry.question.name,
        "wording": entry.question.digest,
        "rater": _rater(entry.rater),
        "stage": entry.stage, "repeat": entry.repeat, "condition": entry.condition,
        "value": entry.value, "code": entry.code, "label": label(entry),
        "rationale": entry.rationale, "confidence": entry.confidence, "seconds": entry.seconds,
        "shown": list(entry.shown), "revealed": list(entry.revealed),
        "replaces": entry.replaces, "withdrawn": entry.withdrawn, "status": entry.status,
        "created_at": entry.created_at, "created": iso(entry.created_at),
        "assignment": _given(entry), "audit": entry.audit,
    }  # fmt: skip


def _rater(rater: Judge) -> dict[str, Any]:
    return {
        "kind": rater.kind, "key": rater.key, "name": rater.name, "simulated": rater.simulated,
        "spec": rater.spec,
    }  # fmt: skip


def _given(entry: Entry) -> dict[str, Any] | None:
    """How the unit was given out; None where no assignment led to the judgment."""
    if not entry.given_stage:
        return None
    return {
        "policy": entry.policy, "propensity": entry.propensity, "design": entry.design,
        "arm": entry.arm, "stage": entry.given_stage, "repeat": entry.given_repeat,
    }  # fmt: skip


def _event(event: Happening) -> dict[str, Any]:
    return {
        "type": "event", "number": event.number, "kind": event.kind, "by": event.by,
        "rater": None if event.rater is None else _rater(event.rater), "item": event.item,
        "unit": event.unit, "outputs": None if event.outputs is None else list(event.outputs),
        "judgment": event.judgment, "data": event.data, "created_at": event.created_at,
        "created": iso(event.created_at),
    }  # fmt: skip


def _line(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"
