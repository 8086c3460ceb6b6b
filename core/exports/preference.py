"""Preference pairs for training: prompt, chosen and rejected, one JSON object per line."""

import json
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from core.content.base import Content
from core.exports.base import Entry, Exporter, Material, exports
from core.questions.base import Question
from core.units import Invalid, Unit


class Preference(Exporter):
    """The layout that TRL calls preference with an explicit prompt.

    Texts stay texts; where the study holds conversations, all three columns are lists of turns.
    Who decides: the rater that was named, else the newest adjudicated answer, else the people, if
    one response has more of their votes than the other response, and than any tie. Ties, "both
    bad", and pairs without such a majority are left out and counted. `margin` is the difference of
    the two responses' shares of the votes.
    """

    kind = "preference"
    title = "Preference pairs for TRL (JSON lines: prompt, chosen, rejected)"
    suffix = ".jsonl"
    mime = "application/x-ndjson"

    def lines(self, material: Material) -> Generator[str, None, None]:
        question = asked(material)
        for outcome in ("written", "tie", "both_bad", "no_majority", "unjudged"):
            material.counts.setdefault(outcome, 0)
        for unit, entries in material.cases():
            if len(unit.order) != 2 or question.name not in {q.name for q in unit.questions}:
                continue
            own = [e for e in entries if e.question.digest == question.digest]
            verdict, by, votes = decide(own, material.rater)
            if verdict in unit.order:
                material.count("written")
                yield json.dumps(_row(unit, verdict, by, votes), ensure_ascii=False) + "\n"
            else:
                material.count(verdict)


exports.register(Preference())


def asked(material: Material) -> Question:
    """The pairwise question that the export is about; raises `Invalid` when there is none."""
    pairs = [q for q in material.protocol.questions if q.kind == "pairwise"]
    found = [q for q in pairs if not material.question or q.name == material.question]
    if not found:
        names = ", ".join(q.name for q in pairs) or "none"
        raise Invalid("question", f"preference pairs need a pairwise question; there are: {names}")
    return found[0]


def decide(entries: Sequence[Entry], rater: str = "") -> tuple[str, str, Mapping[str, int]]:
    """The winner's key or why there is none, who decided, and the votes per answer."""
    standing = [e for e in entries if e.status == "current" and not e.condition]
    if rater:
        own = [e for e in standing if rater in {e.rater.name, e.rater.key} and e.stage == "first"]
        return _majority(own, rater)
    held = [e for e in standing if e.stage == "adjudicated"]
    people = [e for e in standing if e.stage == "first" and e.rater.kind == "person"]
    verdict, by, votes = _majority(people, "majority of people")
    if held:
        return _plain(held[-1]), "adjudicated", votes
    return verdict, by, votes


def _majority(entries: Sequence[Entry], by: str) -> tuple[str, str, Mapping[str, int]]:
    votes = Counter(_plain(e) for e in entries)
    if not votes:
        return "unjudged", by, votes
    (first, most), *others = votes.most_common()
    if others and others[0][1] == most:
        return "no_majority", by, votes
    return first, by, votes


def _plain(entry: Entry) -> str:
    """The winner's key, or the verdict, by however much it is better."""
    return str(entry.value["winner"] or entry.value["verdict"])


def _row(unit: Unit, chosen: str, by: str, votes: Mapping[str, int]) -> dict[str, Any]:
    rejected = next(key for key in unit.order if key != chosen)
    outputs = {o.key: o for o in unit.outputs}
    total = sum(votes.values())
    talk = any(c.kind == "chat" for c in (*unit.fields.values(), outputs[chosen].content))
    content = _turns if talk else _text
    margin = (votes.get(chosen, 0) - votes.get(rejected, 0)) / total if total else None
    return {
        "prompt": [t for c in unit.fields.values() for t in _turns(c, "user")]
        if talk else "\n\n".join(c.text() for c in unit.fields.values()),
        "chosen": content(outputs[chosen].content, "assistant"),
        "rejected": content(outputs[rejected].content, "assistant"),
        "margin": margin, "votes_chosen": votes.get(chosen, 0),
        "votes_rejected": votes.get(rejected, 0),
        "votes_other": total - votes.get(chosen, 0) - votes.get(rejected, 0), "decided_by": by,
        "unit": unit.key, "chosen_key": chosen, "rejected_key": rejected,
        "chosen_source": outputs[chosen].source, "rejected_source": outputs[rejected].source,
    }  # fmt: skip


def _text(content: Content, _role: str) -> str:
    return content.text()


def _turns(content: Content, role: str) -> list[dict[str, str]]:
    if content.kind == "chat":
        return [dict(turn) for turn in content.data]
    return [{"role": role, "content": content.text()}]
