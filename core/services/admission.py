"""Whether the rounds that are to keep people out can do so, and on what answers they rest."""

from dataclasses import replace

from sqlalchemy import Connection

from core.policies import Round
from core.protocol import StudyProtocol
from core.services import studies
from core.services.access import Identity, require
from core.services.grading import known_answer
from core.services.known_answers import outline
from storage import frames
from storage.database import Database


def warnings(
    db: Database, who: Identity, key: str, protocol: StudyProtocol | None = None
) -> list[str]:
    """What is wrong with the qualification rounds of a study, or of what it is about to become.

    One sentence for each round that would admit everybody; [] when all is well.
    """
    require(who, "annotate")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        plan = study.protocol if protocol is None else protocol
        return [*everybody(connection, study.id, plan), *_no_mark(plan)]


def everybody(connection: Connection, study: int, protocol: StudyProtocol) -> list[str]:
    """The qualification rounds that nobody can fail, as none of their items can be graded."""
    rounds = _entries(protocol)
    if not rounds:
        return []
    able = _gradable(connection, study, protocol)
    return [
        f"The qualification round {one.name!r} has no item with a known answer, so it would admit "
        f"everybody: bring items whose fact {protocol.checks.by!r} is {one.name!r} and whose gold "
        "answers one of the questions, or make it a training round."
        for one in rounds if not able.get(one.name)
    ]  # fmt: skip


def _no_mark(protocol: StudyProtocol) -> list[str]:
    return [
        f"The qualification round {one.name!r} has the mark 0, so it admits everybody: set `mark` "
        "to the share of right answers that it takes."
        for one in _entries(protocol) if one.mark <= 0
    ]  # fmt: skip


def _entries(protocol: StudyProtocol) -> list[Round]:
    return [one for one in protocol.checks.rounds if one.kind == "qualification"]


def _gradable(connection: Connection, study: int, protocol: StudyProtocol) -> dict[str, int]:
    """How many units with a usable known answer each value of the fact has."""
    found: dict[str, int] = {}
    for row in frames.known_answers(connection, study):
        unit = replace(outline(row), gold=row.gold or {})
        asked = (q for q in protocol.questions if q.applies(unit))
        if any(known_answer(question, unit) is not None for question in asked):
            name = str((row.meta or {}).get(protocol.checks.by, ""))
            found[name] = found.get(name, 0) + 1
    return found
