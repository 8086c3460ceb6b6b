"""Whether a study's policies can do what they say: rounds that keep people out, and the order."""

from sqlalchemy import Connection

from core.policies import Round
from core.protocol import StudyProtocol
from core.services import material, reading, studies
from core.services.access import Identity, require
from core.services.grading import enough, known_answer, outlined
from core.services.studies import Study
from storage import frames
from storage.database import Database


def warnings(
    db: Database, who: Identity, key: str, protocol: StudyProtocol | None = None
) -> list[str]:
    """What is wrong with the policies of a study, or of what it is about to become.

    One sentence for each qualification round that would admit everybody, and for what the order
    cannot read; [] when all is well.
    """
    require(who, "annotate")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        plan = study.protocol if protocol is None else protocol
        order = reading.warnings(connection, study, plan)
        return [*everybody(connection, study, plan), *_no_mark(plan), *order]


def everybody(connection: Connection, study: Study, protocol: StudyProtocol) -> list[str]:
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
        f"The qualification round {one.name!r} has the mark 0, so it admits everybody: give it "
        "as its mark the share of right answers, in whole or in part, that it takes."
        for one in _entries(protocol) if one.mark <= 0
    ]  # fmt: skip


def _entries(protocol: StudyProtocol) -> list[Round]:
    return [one for one in protocol.checks.rounds if one.kind == "qualification"]


def _gradable(connection: Connection, study: Study, protocol: StudyProtocol) -> dict[str, int]:
    """How many units with a usable known answer each value of the fact has.

    Where none can be read without the contents of its unit, the unit is read whole.
    """
    found: dict[str, int] = {}
    open_: dict[int, str] = {}
    for row in frames.known_answers(connection, study.id):
        unit, name = outlined(row), str((row.meta or {}).get(protocol.checks.by, ""))
        asked = [q for q in protocol.questions if q.applies(unit)]
        if any(enough(q, unit) and known_answer(q, unit) is not None for q in asked):
            found[name] = found.get(name, 0) + 1
        elif unit.own_gold():
            open_[row.id] = name
    rounds = {one.name for one in _entries(protocol)} - found.keys()
    wanted = [unit for unit, name in open_.items() if name in rounds]
    for place, unit in material.some_units(connection, study, wanted) if wanted else ():
        asked = [q for q in protocol.questions if q.applies(unit)]
        if any(known_answer(question, unit) is not None for question in asked):
            found[open_[place]] = found.get(open_[place], 0) + 1
    return found
