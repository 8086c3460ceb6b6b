"""The reviewer's place in a queue of cases, and answers made ready to be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from core.answers import put
from core.questions.base import Parted
from core.services.cases import Case, Queue
from core.services.review import Answer, Detail, Side
from pages.widgets.words import plain

COLOURS = {"person": "blue", "model": "violet", "rule": "gray", "panel": "violet"}


@dataclass
class Desk:
    """Where a reviewer is: the order was fixed when the queue was opened, so nothing jumps."""

    scope: Any
    order: list[int] = field(default_factory=list)
    place: int = 0
    error: str = ""

    def follow(self, queue: Queue) -> None:
        """Put new cases at the end, and leave out those that are none any more."""
        alive = [case.unit_id for case in queue.cases]
        here = self.order[self.place] if self.place < len(self.order) else None
        now, before = set(alive), set(self.order)
        kept = [unit for unit in self.order if unit in now]
        self.order = kept + [unit for unit in alive if unit not in before]
        if here in self.order:
            self.place = self.order.index(here)
        self.place = max(0, min(self.place, len(self.order) - 1))

    def case(self, queue: Queue) -> Case:
        """The case in hand."""
        here = self.order[self.place]
        return next(case for case in queue.cases if case.unit_id == here)

    def move(self, step: int) -> None:
        """Go along the queue."""
        self.error = ""
        self.place = max(0, min(self.place + step, len(self.order) - 1))

    def again(self) -> None:
        """Sort the queue anew: the weightiest undecided case first."""
        self.error, self.order, self.place = "", [], 0


def draft(session: Any, seen: Detail) -> Any:
    """The answer that is being put together; without one, the answer that holds."""
    held = seen.adjudicated.value if seen.adjudicated else None
    return session.get(_place(seen), {}).get(seen.question.name, held)


def keep(session: Any, seen: Detail, name: str, value: Any) -> None:
    """Keep an answer, or a part of one, until it is said to hold."""
    asked = seen.question
    found = put({asked.name: draft(session, seen)}, name, value)
    if isinstance(asked, Parted):
        given = found.get(asked.name)
        found = {asked.name: asked.held(given, seen.unit) if given else None}
    session[_place(seen)] = found


def _place(seen: Detail) -> str:
    """Where the draft is kept; a new decision by anybody begins anew."""
    newest = seen.adjudicated.sequence if seen.adjudicated else 0
    return f"review-draft-{seen.unit_id}-{seen.question.digest}-{newest}"


def desk(session: Any, scope: Any, queue: Queue) -> Desk:
    """The session's place in this queue; a new one when another queue was chosen."""
    found = session.get("review-desk")
    if found is None or found.scope != scope:
        found = session["review-desk"] = Desk(scope)
    found.follow(queue)
    return found


def grouped(answers: Sequence[Answer]) -> list[tuple[str, list[Answer]]]:
    """Answers that say the same, those of most raters first; people before models in each."""
    groups: dict[str, list[Answer]] = {}
    for answer in sorted(answers, key=lambda a: (a.kind != "person", a.sequence)):
        groups.setdefault(answer.words, []).append(answer)
    return sorted(groups.items(), key=lambda group: -len({a.rater for a in group[1]}))


def kind(answer: Answer) -> str:
    """What the rater is, in a word."""
    return "simulated" if answer.simulated else answer.kind


def called(answer: Answer) -> str:
    """What a rater is called: the name, what it is, and which of its samples or looks this is."""
    again = f" ×{answer.repeat + 1}" if answer.repeat else ""
    if answer.stage == "revised":
        again = ", asked again" if answer.repeat else ", after the verdict"
    elif answer.stage != "first":
        again = f", {answer.stage}"
    known = kind(answer) == "person" or kind(answer) in answer.rater.lower()
    word = "" if known else f" ({kind(answer)})"
    return " ".join(f"{answer.rater}{word}{again}".split())


def chip(answer: Answer) -> str:
    """A rater as a badge, in markdown."""
    colour = "orange" if answer.simulated else COLOURS.get(answer.kind, "gray")
    return f":{colour}-badge[{plain(called(answer))}]"


def side_rows(seen: Detail, sides: Sequence[Side]) -> list[dict[str, str]]:
    """One row for each part that differs: as it was, and what each rater put there."""
    names: list[str] = []
    for answer in seen.answers:
        name = called(answer)
        names.append(f"{name} [{len(names) + 1}]" if name in names else name)
    rows = []
    for side in sides:
        row = {"Part": side.name, "As it was": side.before or "(empty)"}
        row |= dict(zip(names, map(_put, side.put), strict=True))
        if seen.gold:
            row["The study's key"] = _put(side.known)
        rows.append(row)
    return rows


def _put(words: str | None) -> str:
    """What an answer puts at a part, or that it leaves it."""
    return "left as it was" if words is None else words or "(emptied)"


def table(answers: Sequence[Answer]) -> pd.DataFrame:
    """Every answer with what is known about it, one row each."""
    return pd.DataFrame(
        [
            {
                "rater": a.rater,
                "kind": kind(a),
                "answer": a.words,
                "order shown": a.shown,
                "sample": a.repeat + 1,
                "stage": a.stage,
                "confidence": a.confidence,
                "seconds": a.seconds,
                "at": datetime.fromtimestamp(a.created_at / 1e6, UTC),
                "reason": a.rationale,
                "beside it": a.told,
            }
            for a in answers
        ]
    )
