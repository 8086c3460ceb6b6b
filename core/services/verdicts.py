"""The models' verdict on a unit, and whether a person may see it yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.questions.base import Question
from core.services.studies import Study
from core.telling import Told, beside
from core.units import Invalid, Unit
from storage import assignments, candidates, judgments

FIRST = frozenset({"first", "reworded"})  # stages whose answers are first ones
KINDS = {"model": Told("models"), "rule": Told("rules"), "panel": Told("panels"),
         "simulated": Told("simulated raters")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the models say to one question: the value, in words, and how many of how many say so.

    `by` names the kinds of raters behind it, never a model; `rows` are their places in the log.
    """

    question: str
    value: Any
    words: str
    votes: int
    of: int
    by: str
    rows: tuple[str, ...]


def visible(connection: Connection, study: Study, unit: Unit, row: Any) -> tuple[Verdict, ...]:
    """The verdicts that the holder of an assignment may see at this moment: () until then."""
    arm = reveal_arm(row.arm)
    before = arm == "before" and row.stage in FIRST
    after = arm == "after" and row.stage == "revised"
    if not (before or after):
        return ()
    return verdicts(connection, study, unit, row.unit)


def reveal_arm(arm: str) -> str:
    """The arm of the reveal among the names that an assignment records; '' for none."""
    return next((name for name in arm.split("+") if name in {"never", "before", "after"}), "")


def verdicts(
    connection: Connection, study: Study, unit: Unit, unit_id: int
) -> tuple[Verdict, ...]:  # fmt: skip
    """The models' verdict on each coded question of a unit; a tie between answers is none."""
    asked = {study.wording(q): q for q in unit.questions if q.scale().level != "none"}
    if not asked:
        return ()
    rows = candidates.answers(connection, [unit_id], list(asked))
    found = (
        _leading(question, unit, [r for r in rows if r.question == wording and counts(study, r)])
        for wording, question in asked.items()
    )
    return tuple(verdict for verdict in found if verdict is not None)


def counts(study: Study, row: Any) -> bool:
    """Whether a row is part of the verdict: not a person's, and of the worker if one is named."""
    worker = study.protocol.reveal.worker
    return bool(row.kind != "person" and row.code is not None and worker in ("", row.name))


def leading(rows: Sequence[Any]) -> tuple[int | None, float]:
    """The code that most raters gave, each with one vote, and its votes; None for a tie."""
    often: dict[int, int] = {}
    for row in rows:
        often[row.rater] = often.get(row.rater, 0) + 1
    votes: dict[int, float] = {}
    for row in rows:
        votes[row.code] = votes.get(row.code, 0.0) + 1 / often[row.rater]
    most = max(votes.values(), default=0.0)
    best = [code for code, n in votes.items() if n >= most - 1e-9]
    return (best[0], most) if len(best) == 1 else (None, most)


def _leading(question: Question, unit: Unit, rows: Sequence[Any]) -> Verdict | None:
    code, _ = leading(rows)
    if code is None:
        return None
    behind = [row for row in rows if row.code == code]
    raters = {row.rater: row for row in rows}
    agree = {row.rater for row in behind}
    value = judgments.parse(behind[0].value)
    try:
        words = question.describe(value, unit)
    except (Invalid, ValueError):  # it names a response that is not shown here
        return None
    return Verdict(
        question.name, value, words, len(agree), len(raters), _kinds(raters.values()),
        tuple(f"#{row.sequence}" for row in behind),
    )  # fmt: skip


def _kinds(raters: Any) -> str:
    """What the raters are: models, rules, panels; simulated ones are called so."""
    names = {"simulated" if (row.spec or {}).get("simulated") else str(row.kind) for row in raters}
    return beside([KINDS.get(name, name) for name in sorted(names)])


def stands(connection: Connection, row: Any) -> bool:
    """Whether the answers of an assignment stay: their solution or the verdict was shown."""
    if row.stage == "training":
        return bool(row.state == "submitted")
    looked = row.stage in FIRST and reveal_arm(row.arm) == "after"
    return looked and assignments.staged(connection, row.rater, row.unit, "revised")
