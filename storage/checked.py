"""What rounds and checks read about one person: how far they are, and what they answered."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select

from storage.tables import Assignment, Event, Item, Judgment, Question, Rater, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]
I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
J: Any = Judgment.__table__  # type: ignore[attr-defined]
Q: Any = Question.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]
AGAIN = A.alias("again")
FACTS = (
    J.c.id, J.c.sequence, J.c.unit, J.c.rater, J.c.question, J.c.stage, J.c.repeat, J.c.value,
    J.c.withdrawn, U.c.key, U.c.outputs, I.c.key.label("item_key"), I.c.meta, I.c.gold,
    Q.c.name.label("question_name"),
)  # fmt: skip
TRIED = (
    select(func.max(A.c.repeat))
    .join(U, U.c.id == A.c.unit)
    .where(
        A.c.rater == bindparam("rater_id"),
        A.c.stage == "training",
        U.c.position > bindparam("after"),
        U.c.position < bindparam("before"),
    )
)
HERE = select(U.c.id).where(
    U.c.study == bindparam("study_id"),
    U.c.closed == 0,
    U.c.position > bindparam("after"),
    U.c.position < bindparam("before"),
)
CHECKED = (
    select(*FACTS)
    .join(U, U.c.id == J.c.unit)
    .join(I, I.c.id == U.c.item)
    .join(Q, Q.c.id == J.c.question)
    .order_by(J.c.sequence)
)
ATTEMPT = CHECKED.where(
    J.c.rater == bindparam("rater_id"),
    J.c.stage == "training",
    J.c.repeat == bindparam("turn"),
    U.c.position > bindparam("after"),
    U.c.position < bindparam("before"),
)
AGED = (
    select(A.c.unit, A.c.arm, U.c.item)
    .join(U, U.c.id == A.c.unit)
    .outerjoin(
        AGAIN,
        and_(AGAIN.c.unit == A.c.unit, AGAIN.c.rater == A.c.rater, AGAIN.c.stage == "retest"),
    )
    .where(
        A.c.rater == bindparam("rater_id"),
        A.c.place.in_(bindparam("places", expanding=True)),
        A.c.stage == "first",
        A.c.state == "submitted",
        AGAIN.c.id.is_(None),
    )
    .order_by(A.c.place)
)
RECENT = (
    select(A.c.unit)
    .where(A.c.rater == bindparam("rater_id"), A.c.stage == "first", A.c.state == "submitted")
    .order_by(A.c.place.desc())
    .limit(bindparam("most"))
)


def attempt(connection: Connection, rater: int, bounds: tuple[int, int]) -> int | None:
    """The number of a person's newest attempt at a round, from 0; None before the first."""
    facts = {"rater_id": rater, "after": bounds[0], "before": bounds[1]}
    found = connection.execute(TRIED, facts).scalar()
    return None if found is None else int(found)


def holds(connection: Connection, study: int, bounds: tuple[int, int]) -> bool:
    """Whether a pool holds any unit."""
    facts = {"study_id": study, "after": bounds[0], "before": bounds[1]}
    return connection.execute(HERE.limit(1), facts).first() is not None


def attempted(
    connection: Connection, rater: int, bounds: tuple[int, int], turn: int
) -> list[Any]:  # fmt: skip
    """The answers that count of one attempt, with what is known of their items."""
    facts = {"rater_id": rater, "after": bounds[0], "before": bounds[1], "turn": turn}
    return standing(connection.execute(ATTEMPT, facts))


def standing(rows: Any) -> list[Any]:
    """The newest row per place of the log, without withdrawn ones."""
    newest = {(r.unit, r.rater, r.question, r.stage, r.repeat): r for r in rows}
    return [row for row in newest.values() if not row.withdrawn]


def aged(connection: Connection, rater: int, places: Sequence[int]) -> Sequence[Any]:
    """Which of a person's assignments with these numbers may be asked again: unit, arm, item."""
    return connection.execute(AGED, {"rater_id": rater, "places": list(places)}).all()


def recent(connection: Connection, rater: int, most: int) -> list[int]:
    """The units that a person answered last, newest first."""
    return list(connection.execute(RECENT, {"rater_id": rater, "most": most}).scalars())


def of_stages(
    connection: Connection, study: int, stages: Sequence[str], until: int,
    units: Collection[int] | None = None,
) -> list[Any]:  # fmt: skip
    """People's rows of some stages that count, by `sequence <= until`, with what is known.

    Those about these units of the study, or about all.
    """
    some = J.c.study == study if units is None else J.c.unit.in_(list(units))
    query = CHECKED.join(R, R.c.id == J.c.rater).where(
        some, J.c.sequence <= until, J.c.stage.in_(list(stages)), R.c.kind == "person"
    )
    return standing(connection.execute(query))
