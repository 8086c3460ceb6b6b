"""Who has been given which unit: reservations by lease, and the way back through them."""

from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage.database import now
from storage.tables import Assignment, Rater, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]

COLUMNS = (
    A.c.id, A.c.study, A.c.unit, A.c.rater, A.c.place, A.c.stage, A.c.repeat, A.c.seed, A.c.state,
    A.c.draft, A.c.lease_until,
)  # fmt: skip
BY_ID = select(*COLUMNS).where(A.c.id == bindparam("assignment_id"))
OPEN = (
    select(*COLUMNS)
    .where(A.c.rater == bindparam("rater_id"), A.c.state == "reserved")
    .order_by(A.c.place)
    .limit(1)
)
AT = select(*COLUMNS).where(A.c.rater == bindparam("rater_id"), A.c.place == bindparam("at"))
NEWEST = (
    select(A.c.place, U.c.position)
    .join(U, U.c.id == A.c.unit)
    .where(A.c.rater == bindparam("rater_id"))
    .order_by(A.c.place.desc())
    .limit(1)
)
OWN = (A.c.unit == U.c.id) & (A.c.rater == bindparam("rater_id"))
FREE = (
    select(U.c.id, U.c.position, A.c.id.label("released"))
    .outerjoin(A, OWN & (A.c.stage == "first") & (A.c.repeat == 0))
    .where(
        U.c.study == bindparam("study_id"),
        U.c.closed == 0,
        U.c.position > bindparam("after"),
        A.c.id.is_(None) | (A.c.state == "released"),
    )
    .order_by(U.c.position)
    .limit(1)
)
EXPIRED = (
    select(A.c.id, A.c.unit)
    .where(
        A.c.study == bindparam("study_id"),
        A.c.state == "reserved",
        A.c.lease_until < bindparam("moment"),
        A.c.rater != bindparam("rater_id"),
    )
    .limit(20)
)
TAKE = (
    update(U)
    .where(U.c.id == bindparam("unit_id"), U.c.closed == 0)
    .values(
        taken=U.c.taken + 1,
        closed=(U.c.taken + 1 >= bindparam("overlap")).cast(U.c.closed.type),
    )
    .returning(U.c.id)
)
GIVE_BACK = (
    update(U)
    .where(U.c.id == bindparam("unit_id"))
    .values(
        taken=U.c.taken - 1,
        closed=(U.c.taken - 1 >= bindparam("overlap")).cast(U.c.closed.type),
    )
)  # the unit may be asked of somebody else, unless it has its overlap even so
SET = update(A).where(A.c.id == bindparam("assignment_id"))
TO_STATE = SET.values(
    state=bindparam("new_state"), closed_at=bindparam("moment"), draft=bindparam("new_draft")
)
TO_DRAFT = SET.values(draft=bindparam("new_draft"), lease_until=bindparam("until"))
RESERVE_AGAIN = SET.values(
    state="reserved", lease_until=bindparam("until"), seed=bindparam("new_seed"),
    place=bindparam("at"),
).returning(*COLUMNS)  # fmt: skip


def by_id(connection: Connection, assignment: int) -> Any:
    """An assignment, or None."""
    return connection.execute(BY_ID, {"assignment_id": assignment}).first()


def open_for(connection: Connection, rater: int) -> Any:
    """The rater's earliest unanswered reservation, or None."""
    return connection.execute(OPEN, {"rater_id": rater}).first()


def at(connection: Connection, rater: int, place: int) -> Any:
    """The rater's assignment with that number, or None."""
    return connection.execute(AT, {"rater_id": rater, "at": place}).first()


def newest(connection: Connection, rater: int) -> tuple[int, int]:
    """Number and unit position of the rater's newest assignment; (0, -1) for a newcomer."""
    row = connection.execute(NEWEST, {"rater_id": rater}).first()
    return (row.place, row.position) if row else (0, -1)


def release_expired(connection: Connection, study: int, rater: int, overlap: int) -> int:
    """Free up to twenty reservations of other raters whose lease has run out; returns how many."""
    rows = connection.execute(
        EXPIRED, {"study_id": study, "rater_id": rater, "moment": now()}
    ).all()
    for row in rows:
        _release(connection, row.id, row.unit, "released", overlap)
    return len(rows)


def free_unit(connection: Connection, study: int, rater: int, after: int) -> Any:
    """The first open unit beyond a position that the rater does not hold, or None.

    Columns: id, position, and `released`, the rater's lapsed assignment of that unit if any.
    """
    return connection.execute(FREE, {"study_id": study, "rater_id": rater, "after": after}).first()


def reserve(
    connection: Connection, *, study: int, unit: int, rater: int, place: int, overlap: int,
    until: int, seed: int, policy: str, propensity: float, design: str, released: int | None = None,
) -> Any:  # fmt: skip
    """Reserve a unit; returns the assignment, or None when its overlap was reached meanwhile.

    `released` is the rater's earlier assignment of the unit, whose lease ran out: it is used again.
    """
    if connection.execute(TAKE, {"unit_id": unit, "overlap": overlap}).first() is None:
        return None
    if released is not None:
        return connection.execute(
            RESERVE_AGAIN,
            {"assignment_id": released, "until": until, "new_seed": seed, "at": place},
        ).one()
    row = {
        "study": study, "unit": unit, "rater": rater, "place": place, "stage": "first",
        "repeat": 0, "policy": policy, "propensity": propensity, "design": design, "arm": "",
        "seed": seed, "state": "reserved", "draft": None, "lease_until": until,
        "created_at": now(), "closed_at": None,
    }  # fmt: skip
    return connection.execute(insert(A).returning(*COLUMNS), row).one()


def set_state(connection: Connection, assignment: int, state: str) -> None:
    """Move an assignment to another state; its draft is gone."""
    connection.execute(
        TO_STATE,
        {"assignment_id": assignment, "new_state": state, "moment": now(), "new_draft": None},
    )


def save_draft(connection: Connection, assignment: int, draft: Any, until: int) -> None:
    """Keep unfinished answers, and hold the reservation until `until`."""
    connection.execute(TO_DRAFT, {"assignment_id": assignment, "new_draft": draft, "until": until})


def skip(connection: Connection, assignment: int, unit: int, overlap: int) -> None:
    """Let go of a unit that the rater will not answer; another may be asked."""
    _release(connection, assignment, unit, "skipped", overlap)


def release_all(connection: Connection, rater: int, overlap: int) -> None:
    """Let go of everything that a rater holds or has answered; others may be asked."""
    rows = connection.execute(
        select(A.c.id, A.c.unit, A.c.state).where(
            A.c.rater == rater, A.c.state.in_(["reserved", "submitted", "late", "skipped"])
        )
    ).all()
    for row in rows:
        if row.state in {"reserved", "submitted"}:
            _release(connection, row.id, row.unit, "released", overlap)
        else:
            set_state(connection, row.id, "released")


def retake(connection: Connection, unit: int, overlap: int) -> bool:
    """Count a unit as taken again; False when its overlap is reached."""
    taken = connection.execute(TAKE, {"unit_id": unit, "overlap": overlap}).first()
    return taken is not None


def _release(connection: Connection, assignment: int, unit: int, state: str, overlap: int) -> None:
    set_state(connection, assignment, state)
    connection.execute(GIVE_BACK, {"unit_id": unit, "overlap": overlap})


def workload(connection: Connection, study: int) -> dict[int, dict[str, int]]:
    """Assignments per rater and state, for the researcher's overview."""
    found: dict[int, dict[str, int]] = {}
    for row in connection.execute(
        select(A.c.rater, A.c.state, func.count().label("n"))
        .where(A.c.study == study)
        .group_by(A.c.rater, A.c.state)
    ):
        found.setdefault(row.rater, {})[row.state] = row.n
    return found
