"""Work by person: giving units to somebody, taking them away, moving them, pausing somebody."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from core.services import assignment, choosing, people, studies
from core.services.access import Identity, require
from core.services.assignment import MINUTE
from core.services.choosing import Choice, Setting
from core.services.studies import Refused, Study
from core.units import Invalid
from storage import assignments, items, team
from storage import studies as study_rows
from storage.database import Database, now

DAY = 24 * 60 * MINUTE
MOST = 500


def block(db: Database, who: Identity, key: str, name: str, blocked: bool = True) -> int:
    """Give a person nothing more, or let them go on; returns how many units were let go of.

    What they answered stays. A unit that they have in hand is let go of, and an answer to it that
    comes in later is stored and marked late.
    """
    with db.write() as connection:
        study, rater = _person(db, connection, who, key, name)
        team.note(connection, rater, blocked=blocked or None)
        freed = _release(connection, study, rater) if blocked else 0
        _record(connection, study, who, name, {"blocked": blocked, "released": freed})
    return freed


def limit(db: Database, who: Identity, key: str, name: str, most: int) -> None:
    """Bound how many units a person is given, checks included; 0 is the study's own bound."""
    if most < 0:
        raise Invalid("limit", "the number of units is not below 0")
    with db.write() as connection:
        study, rater = _person(db, connection, who, key, name)
        team.note(connection, rater, limit=most or None)
        _record(connection, study, who, name, {"limit": most})


def calibrate(db: Database, who: Identity, key: str, name: str, round_name: str) -> None:
    """Send a person through a calibration round next. Raises `Refused` for another round."""
    with db.write() as connection:
        study, rater = _person(db, connection, who, key, name)
        known = [r.name for r in study.protocol.checks.rounds if r.kind == "calibration"]
        if round_name not in known:
            raise Refused(f"no calibration round is called {round_name!r}; there are: {known}")
        team.note(connection, rater, calibrate=round_name)
        _record(connection, study, who, name, {"calibrate": round_name})


def give(
    db: Database, who: Identity, key: str, name: str, count: int, *, days: int = 7,
    units: Sequence[str] = (),
) -> int:  # fmt: skip
    """Reserve units for a person for some days; returns how many.

    Either the next `count` of the study's own order, or the named `units`. The overlap holds: what
    has its answers, or is with the person already, is passed by.
    """
    if not 1 <= count <= MOST:
        raise Invalid("count", f"give between 1 and {MOST} units at a time")
    if not 1 <= days <= 365:
        raise Invalid("days", "reserve for 1 to 365 days")
    with db.write() as connection:
        study, rater = _person(db, connection, who, key, name, new=True)
        until = now() + days * DAY
        if units:
            given = _named(db, connection, study, (rater, name), units, until)
        else:
            given = 0
            while given < count and _one(db, connection, study, (rater, name), until):
                given += 1
        _record(connection, study, who, name, {"given": given, "days": days})
    return given


def _one(
    db: Database, connection: Connection, study: Study, person: tuple[int, str], until: int
) -> bool:
    """Reserve the next unit of the study's order for a person."""
    at = _setting(db, connection, study, person)
    choice = choosing.ordinary(at)
    return choice is not None and assignment.place_new(at, choice, until=until) is not None


def _named(
    db: Database, connection: Connection, study: Study, person: tuple[int, str],
    keys: Sequence[str], until: int,
) -> int:  # fmt: skip
    known = items.unit_ids(connection, study.id)
    unknown = [unit for unit in keys if unit not in known]
    if unknown:
        raise Invalid("units", f"no unit is called {unknown[0]!r}")
    return sum(
        _hand(db, connection, study, person, known[unit], until, "hand/1") for unit in keys
    )  # fmt: skip


def _hand(
    db: Database, connection: Connection, study: Study, person: tuple[int, str], unit: int,
    until: int, policy: str,
) -> bool:  # fmt: skip
    """Reserve one unit for a person; False where it is full or theirs already."""
    row = team.open_unit(connection, person[0], unit)
    if row is None:
        return False
    at = _setting(db, connection, study, person)
    choice = Choice(unit, row.item, policy, released=row.released)
    return assignment.place_new(at, choice, until=until) is not None


def move(
    db: Database, who: Identity, key: str, name: str, to: Sequence[str], *, days: int = 7
) -> Mapping[str, int]:
    """Move the units that wait with a person to others, evenly; returns how many each got.

    A unit that was begun (it has a draft) stays, and so does one that nobody among the others can
    take. What moves is a new assignment: the old one keeps how it was chosen.
    """
    others = [other for other in to if other != name]
    if not others:
        raise Invalid("to", "name somebody else who takes the work")
    got = dict.fromkeys(others, 0)
    with db.write() as connection:
        study, rater = _person(db, connection, who, key, name)
        raters = {o: _person(db, connection, who, key, o, new=True)[1] for o in others}
        overlap = study.protocol.assignment.overlap
        for row in team.waiting(connection, rater):
            if row.draft:
                continue
            assignments.release(connection, row.id, row.unit, overlap)
            for other in sorted(others, key=got.__getitem__):
                person = (raters[other], other)
                until = now() + days * DAY
                if _hand(db, connection, study, person, row.unit, until, "rebalance/1"):
                    got[other] += 1
                    break
            else:
                _hand(db, connection, study, (rater, name), row.unit, row.lease_until, "hand/1")
        _record(connection, study, who, name, {"moved": got})
    return got


def release(db: Database, who: Identity, key: str, name: str) -> int:
    """Let go of the units that wait with a person, so that others may be asked; returns how many.

    Units that were begun stay.
    """
    with db.write() as connection:
        study, rater = _person(db, connection, who, key, name)
        freed = _release(connection, study, rater, begun=False)
        _record(connection, study, who, name, {"released": freed})
    return freed


def _release(connection: Connection, study: Study, rater: int, *, begun: bool = True) -> int:
    rows = [r for r in team.waiting(connection, rater) if begun or not r.draft]
    for row in rows:
        assignments.release(connection, row.id, row.unit, study.protocol.assignment.overlap)
    return len(rows)


def _person(
    db: Database, connection: Connection, who: Identity, key: str, name: str, *, new: bool = False
) -> tuple[Study, int]:
    """The study, held still, and a person's row in it; with `new` it is written where it lacks."""
    require(who, "edit")
    study = studies.load(db, key, connection, lock=True)
    name = people.name(name)
    rater = study_rows.rater_key(connection, study.id, "person", name)
    if rater is None:
        if not new:
            raise Refused(f"nobody called {name!r} has been in this study yet")
        rater = study_rows.rater(connection, study.id, "person", name)
    return study, rater


def _setting(
    db: Database, connection: Connection, study: Study, person: tuple[int, str]
) -> Setting:  # fmt: skip
    total = items.last_position(connection, study.id) + 1
    standing = assignments.standing(connection, person[0])
    return Setting(db, connection, study, Identity(person[1]), person[0], standing, total)


def _record(
    connection: Connection, study: Study, who: Identity, name: str, facts: Mapping[str, Any]
) -> None:
    study_rows.record(connection, study.id, "team", who.name, {"person": name, **facts})
