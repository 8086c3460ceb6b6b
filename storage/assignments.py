"""Who has been given which unit: reservations by lease, and the way back through them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, select, update

from storage.database import now
from storage.tables import Assignment, Rater, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]

COLUMNS = (
    A.c.id, A.c.study, A.c.unit, A.c.rater, A.c.place, A.c.stage, A.c.repeat, A.c.arm, A.c.seed,
    A.c.state, A.c.draft, A.c.lease_until,
)  # fmt: skip
BY_ID = select(*COLUMNS).where(A.c.id == bindparam("assignment_id"))
OPEN = (
    select(*COLUMNS)
    .where(A.c.rater == bindparam("rater_id"), A.c.state == "reserved")
    .order_by(A.c.place)
    .limit(1)
)
AT = select(*COLUMNS).where(A.c.rater == bindparam("rater_id"), A.c.place == bindparam("at"))
STANDING = (
    select(R.c.spec, A.c.place, A.c.stage, U.c.position)
    .select_from(R)
    .outerjoin(A, A.c.rater == R.c.id)
    .outerjoin(U, U.c.id == A.c.unit)
    .where(R.c.id == bindparam("rater_id"))
    .order_by(A.c.place.desc())
    .limit(1)
)
WALKED = (
    select(U.c.position)
    .join(A, A.c.unit == U.c.id)
    .where(A.c.rater == bindparam("rater_id"), A.c.stage == "first")
    .order_by(A.c.place.desc())
    .limit(1)
)
OWN = (A.c.unit == U.c.id) & (A.c.rater == bindparam("rater_id"))
FREE = (
    select(U.c.id, U.c.item, U.c.position, U.c.taken, A.c.id.label("released"))
    .outerjoin(A, OWN & (A.c.stage == bindparam("in_stage")) & (A.c.repeat == bindparam("turn")))
    .where(
        U.c.study == bindparam("study_id"),
        U.c.closed == 0,
        A.c.id.is_(None) | (A.c.state == "released"),
    )
)
FREE_AFTER = (
    FREE.where(U.c.position > bindparam("after")).order_by(U.c.position).limit(bindparam("most"))
)
FREE_WITHIN = FREE_AFTER.where(U.c.position < bindparam("before"))
FREE_AT = FREE.where(U.c.position.in_(bindparam("positions", expanding=True)))
EXPIRED = (
    select(A.c.id, A.c.unit)
    .where(
        A.c.study == bindparam("study_id"),
        A.c.state == "reserved",
        A.c.lease_until < bindparam("moment"),
        A.c.rater != bindparam("rater_id"),
        A.c.stage == "first",
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
TO_DRAFT = SET.values(
    draft=bindparam("new_draft"),
    lease_until=case(
        (A.c.lease_until > bindparam("until"), A.c.lease_until), else_=bindparam("until")
    ),
)  # a longer lease stays as it is
RESERVE_AGAIN = SET.values(
    state="reserved", lease_until=bindparam("until"), seed=bindparam("new_seed"),
    place=bindparam("at"), policy=bindparam("new_policy"), propensity=bindparam("new_propensity"),
    design=bindparam("new_design"), arm=bindparam("new_arm"),
).returning(*COLUMNS)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """Number of a rater's newest assignment and unit position of the newest ordinary one.

    (0, -1) for a newcomer; `spec` is what is kept about the rater.
    """

    place: int
    position: int
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class New:
    """An assignment to be made. `released` is the rater's earlier one of the unit, used again.

    Policy, propensity, design and arm are how the unit was chosen; they stay as they are.
    """

    study: int
    unit: int
    rater: int
    place: int
    until: int
    seed: int
    policy: str
    propensity: float = 1.0
    design: str = "inclusion"
    arm: str = ""
    stage: str = "first"
    repeat: int = 0
    released: int | None = None


def by_id(connection: Connection, assignment: int) -> Any:
    """An assignment, or None."""
    return connection.execute(BY_ID, {"assignment_id": assignment}).first()


def open_for(connection: Connection, rater: int) -> Any:
    """The rater's earliest unanswered reservation, or None."""
    return connection.execute(OPEN, {"rater_id": rater}).first()


def at(connection: Connection, rater: int, place: int) -> Any:
    """The rater's assignment with that number, or None."""
    return connection.execute(AT, {"rater_id": rater, "at": place}).first()


def staged(connection: Connection, rater: int, unit: int, stage: str) -> bool:
    """Whether a rater was given a unit in a stage."""
    query = select(A.c.id).where(A.c.unit == unit, A.c.rater == rater, A.c.stage == stage)
    return connection.execute(query.limit(1)).first() is not None


def standing(connection: Connection, rater: int) -> Standing:
    """Where a rater stands; raises NoResultFound for an unknown rater."""
    row = connection.execute(STANDING, {"rater_id": rater}).one()
    if row.place is None:
        return Standing(0, -1, row.spec or {})
    position = row.position
    if row.stage != "first":
        position = connection.execute(WALKED, {"rater_id": rater}).scalar()
    return Standing(row.place, -1 if position is None else position, row.spec or {})


def release_expired(connection: Connection, study: int, rater: int, overlap: int) -> int:
    """Free up to twenty reservations of other raters whose lease has run out; returns how many."""
    rows = connection.execute(
        EXPIRED, {"study_id": study, "rater_id": rater, "moment": now()}
    ).all()
    for row in rows:
        _release(connection, row.id, row.unit, "released", overlap)
    return len(rows)


def free_units(
    connection: Connection, study: int, rater: int, after: int, most: int = 1
) -> Sequence[Any]:
    """The first open units beyond a position that the rater does not hold, in order.

    Columns: id, item, position, taken, and `released`, the rater's lapsed assignment of that unit.
    """
    facts = {**ORDINARY, "study_id": study, "rater_id": rater, "after": after, "most": most}
    return connection.execute(FREE_AFTER, facts).all()


def free_at(
    connection: Connection, study: int, rater: int, positions: Sequence[int]
) -> Sequence[Any]:
    """Which of the units at these positions are open to the rater; the same columns."""
    facts = {**ORDINARY, "study_id": study, "rater_id": rater, "positions": list(positions)}
    return connection.execute(FREE_AT, facts).all()


def free_within(
    connection: Connection, study: int, rater: int, bounds: tuple[int, int], stage: str,
    repeat: int = 0, most: int = 64,
) -> Sequence[Any]:  # fmt: skip
    """Units at positions low < p < high that the rater was not given in a stage and repeat."""
    facts = {"study_id": study, "rater_id": rater, "in_stage": stage, "turn": repeat,
             "after": bounds[0], "before": bounds[1], "most": most}  # fmt: skip
    return connection.execute(FREE_WITHIN, facts).all()


ORDINARY = {"in_stage": "first", "turn": 0}


def reserve(connection: Connection, new: New, *, overlap: int) -> Any:
    """Reserve a unit; returns the assignment, or None when its overlap was reached meanwhile.

    Only the stage `first` counts towards the overlap.
    """
    facts = {"unit_id": new.unit, "overlap": overlap}
    if new.stage == "first" and connection.execute(TAKE, facts).first() is None:
        return None
    if new.released is not None:
        return connection.execute(
            RESERVE_AGAIN,
            {"assignment_id": new.released, "until": new.until, "new_seed": new.seed,
             "at": new.place, "new_policy": new.policy, "new_propensity": new.propensity,
             "new_design": new.design, "new_arm": new.arm},
        ).one()  # fmt: skip
    row = {
        "study": new.study, "unit": new.unit, "rater": new.rater, "place": new.place,
        "stage": new.stage, "repeat": new.repeat, "policy": new.policy,
        "propensity": new.propensity, "design": new.design, "arm": new.arm, "seed": new.seed,
        "state": "reserved", "draft": None, "lease_until": new.until, "created_at": now(),
        "closed_at": None,
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


def release(connection: Connection, assignment: int, unit: int, overlap: int) -> None:
    """Let go of a unit that is reserved; somebody else may be asked, or the rater again."""
    _release(connection, assignment, unit, "released", overlap)


def skip(connection: Connection, assignment: int, unit: int, overlap: int) -> None:
    """Let go of a unit that the rater will not answer; another may be asked."""
    _release(connection, assignment, unit, "skipped", overlap)


def release_all(connection: Connection, rater: int, overlap: int) -> None:
    """Let go of everything that a rater holds or has answered; others may be asked."""
    rows = connection.execute(
        select(A.c.id, A.c.unit, A.c.state, A.c.stage).where(
            A.c.rater == rater, A.c.state.in_(["reserved", "submitted", "late", "skipped"])
        )
    ).all()
    for row in rows:
        if row.stage == "first" and row.state in {"reserved", "submitted"}:
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
