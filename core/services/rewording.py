"""After a question is reworded: whose answers count no more, and asking these people anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from core.services import assignment, studies
from core.services.access import Identity, require
from core.services.choosing import Choice, Setting
from core.services.outdated import PIECE, Due, State, all_due, due_about, whose
from core.services.studies import Refused, Study
from core.services.tickets import REWORDED
from storage import assignments, items, rewordings
from storage import studies as study_rows
from storage.database import Database

POLICY = "reword/1"


@dataclass(frozen=True, slots=True)
class Outdated:
    """A reworded question: `units` that `answers` to an older wording were given about.

    Of these units `ask` have somebody to be asked anew, `waiting` wait for people who were, and
    `others` are left to other people.
    """

    question: str
    title: str
    units: int
    answers: int
    ask: int
    waiting: int
    others: int


@dataclass(frozen=True, slots=True)
class Rewordings:
    """Every question with answers that count no more; `units` is what asking anew would touch."""

    questions: Sequence[Outdated] = ()
    units: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking anew did: units touched, requests made of people, places opened to others."""

    units: int = 0
    given: int = 0
    opened: int = 0


def outdated(db: Database, who: Identity, key: str) -> Rewordings:
    """The questions of a study with answers under an older wording alone, and how many.

    An answer is outdated while its person has none under the present wording and was not asked
    again since the change. A question counts no more where the unit is not asked it now, or has its
    overlap of answers that count. Nothing for a study without such answers. Raises `Denied`,
    `NoStudy`. Counted anew after an answer, an edit or an event of the study, not with every look.
    """
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        mark = (study.version, study.revision, study_rows.newest_event(connection, study.id))
        kept = db.cache.get(("outdated", study.id))
        if kept is None or kept[0] != mark:
            kept = (mark, _told(study, all_due(db, connection, study)))
            db.cache["outdated", study.id] = kept
    told: Rewordings = kept[1]
    return told


def _told(study: Study, found: Sequence[Due]) -> Rewordings:
    """What is due, by question."""
    told = []
    for question in study.protocol.questions:
        own = [due for due in found if question.name in due.questions]
        if own:
            units = {due.unit for due in own}
            ask = _units(own, "ask")
            waiting = _units(own, "waits") - ask
            told.append(
                Outdated(
                    question.name, question.title, len(units), len(own), len(ask), len(waiting),
                    len(units - ask - waiting),
                )
            )  # fmt: skip
    return Rewordings(told, len(_units(found, "ask", "open")))


def ask_anew(db: Database, who: Identity, key: str) -> Asked:
    """Ask people anew where their answers are to an older wording; both answers are kept.

    Each gets a new assignment of stage `reworded`, whose answers are logged as first ones to the
    present wording; what they said to questions that were not reworded stands. Who is paused, has
    passed the unit by, or saw the models' verdict on it is not asked: their place is opened to
    others. In one transaction per batch of units, each decided by what holds then, so that doing
    it again adds nothing. Raises `Refused` for a study that is over, `Denied`, `NoStudy`.
    """
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        _going_on(study)
        found = all_due(db, connection, study)
    units = sorted(_units(found, "ask", "open"))
    done = Asked()
    for start in range(0, len(units), PIECE):
        with db.write() as connection:
            study = studies.load(db, key, connection, lock=True)
            _going_on(study)
            part = _batch(db, connection, study, who, units[start : start + PIECE])
        done = Asked(
            done.units + part.units, done.given + part.given, done.opened + part.opened
        )  # fmt: skip
    return done


def _going_on(study: Study) -> None:
    if study.state in {"closed", "archived"}:
        raise Refused(f"the study is {study.state}; reopen it to ask people again")


def _units(found: Sequence[Due], *states: State) -> set[int]:
    return {due.unit for due in found if due.state in states}


def _batch(
    db: Database, connection: Connection, study: Study, who: Identity, units: Sequence[int]
) -> Asked:
    """Ask and open what is due about these units, and keep that it was done."""
    overlap = study.protocol.assignment.overlap
    known = whose(connection, study)
    if known is None:
        return Asked()
    total = items.last_position(connection, study.id) + 1
    hands: dict[int, Setting] = {}
    touched, given, opened = set(), 0, 0
    for due in due_about(connection, study, known, units):
        if due.state == "open":
            opened += rewordings.let_go(connection, due.unit, due.rater, overlap)
        elif due.state == "ask":
            if due.rater not in hands:
                hands[due.rater] = Setting(
                    db, connection, study, Identity(known.people[due.rater].key), due.rater,
                    assignments.standing(connection, due.rater), total,
                )  # fmt: skip
            hands[due.rater] = _ask(hands[due.rater], due)
            given += 1
        else:
            continue
        touched.add(due.unit)
    if touched:
        facts = {"version": study.version, "units": len(touched), "given": given, "opened": opened}
        study_rows.record(connection, study.id, REWORDED, who.name, facts)
    return Asked(len(touched), given, opened)


def _ask(at: Setting, due: Due) -> Setting:
    """Give the unit anew, in the arm and by the chance of the first time; the person's new place.

    The place is counted on here: to look it up would read all that was given before.
    """
    first = due.first
    choice = Choice(
        due.unit, 0, POLICY, first.propensity if first else 1.0,
        first.design if first else "inclusion", stage=REWORDED, repeat=due.turn,
        arm=first.arm if first else None,
    )  # fmt: skip
    assignment.place_new(at, choice)
    return replace(at, standing=replace(at.standing, place=at.standing.place + 1))
