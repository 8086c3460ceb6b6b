"""The log as an export reads it: in order, in pieces, never a whole study in memory."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from storage.items import unit_order
from storage.tables import Assignment, Event, Item, Judgment, Output, Question, Unit

A: Any = Assignment.__table__  # type: ignore[attr-defined]
E: Any = Event.__table__  # type: ignore[attr-defined]
J: Any = Judgment.__table__  # type: ignore[attr-defined]
I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
O: Any = Output.__table__  # type: ignore[attr-defined]  # noqa: E741
U: Any = Unit.__table__  # type: ignore[attr-defined]
Q: Any = Question.__table__  # type: ignore[attr-defined]
FIRST, CHUNK = 32, 300


def _log(study: int) -> Select[Any]:
    """Judgments with the natural keys of what they name; `superseded` when a row replaces them."""
    old, newer = J.alias("old"), J.alias("newer")
    return (
        select(
            J.c.sequence, J.c.unit, J.c.rater, J.c.question, J.c.stage, J.c.repeat, J.c.condition,
            J.c.value, J.c.code, J.c.rationale, J.c.confidence, J.c.shown, J.c.revealed,
            J.c.withdrawn, J.c.seconds, J.c.created_at, U.c.key.label("unit_key"), U.c.outputs,
            I.c.key.label("item_key"), old.c.sequence.label("replaces"),
            newer.c.sequence.label("superseded"), A.c.arm, A.c.policy, A.c.propensity, A.c.design,
            A.c.stage.label("given_stage"), A.c.repeat.label("given_repeat"),
        )
        .join(U, U.c.id == J.c.unit)
        .join(I, I.c.id == U.c.item)
        .outerjoin(old, old.c.id == J.c.replaces)
        .outerjoin(newer, newer.c.replaces == J.c.id)
        .outerjoin(A, A.c.id == J.c.assignment)
        .where(J.c.study == study)
    )  # fmt: skip


def log(connection: Connection, study: int) -> Iterator[Any]:
    """Every judgment in order of the log."""
    query = _log(study).order_by(J.c.sequence)
    with connection.execute(query, execution_options={"yield_per": 2000}) as rows:
        yield from rows


def by_unit(connection: Connection, study: int) -> Iterator[tuple[int, list[Any]]]:
    """Unit ids in order of position, each with its judgments in order of the log."""
    for part in _pieces(connection, study):
        found: dict[int, list[Any]] = {unit: [] for unit in part}
        query = _log(study).where(J.c.unit.in_(part)).order_by(J.c.sequence)
        for row in connection.execute(query):
            found[row.unit].append(row)
        yield from found.items()


def _pieces(connection: Connection, study: int) -> Iterator[list[int]]:
    """A study's unit ids in order of position, in pieces; the first is small and comes at once."""
    ids = unit_order(connection, study, 0, FIRST)
    yield ids
    if len(ids) == FIRST:
        rest = unit_order(connection, study, FIRST)
        yield from (rest[start : start + CHUNK] for start in range(0, len(rest), CHUNK))


def items(connection: Connection, study: int) -> Iterator[tuple[Any, Sequence[Any]]]:
    """Items in order of arrival, each with its outputs."""
    after = 0
    while True:
        page = select(I).where(I.c.study == study, I.c.id > after).order_by(I.c.id).limit(CHUNK)
        found = connection.execute(page).all()
        if not found:
            return
        part = [int(row.id) for row in found]
        made: dict[int, list[Any]] = {item: [] for item in part}
        after = part[-1]
        outputs = select(O.c.item, O.c.id, O.c.key, O.c.role, O.c.parent, O.c.source, O.c.content)
        for row in connection.execute(outputs.where(O.c.item.in_(part)).order_by(O.c.id)):
            made[row.item].append(row)
        yield from ((row, made[row.id]) for row in found)


def events(connection: Connection, study: int, kinds: Sequence[str]) -> Iterator[Any]:
    """Events of these kinds, oldest first, with the natural keys of what they are about."""
    query = (
        select(
            E.c.id, E.c.kind, E.c.actor, E.c.rater, E.c.data, E.c.created_at,
            U.c.key.label("unit_key"), U.c.outputs, I.c.key.label("item_key"), J.c.sequence,
        )
        .outerjoin(U, U.c.id == E.c.unit)
        .outerjoin(I, I.c.id == U.c.item)
        .outerjoin(J, J.c.id == E.c.judgment)
        .where(E.c.study == study, E.c.kind.in_(list(kinds)))
        .order_by(E.c.id)
    )  # fmt: skip
    with connection.execute(query, execution_options={"yield_per": 2000}) as rows:
        yield from rows


def audits(connection: Connection, study: int) -> dict[int, bool]:
    """The units that a rule for pairs made: whether each was drawn for the audit."""
    query = select(E.c.unit, E.c.data).where(E.c.study == study, E.c.kind == "pair")
    return {row.unit: bool(row.data.get("audit")) for row in connection.execute(query)}


def named(connection: Connection, study: int, after: int, until: int) -> Sequence[Any]:
    """Which wordings and raters rows with `after < sequence <= until` name, in the order of those.

    Each pair of question and rater once.
    """
    return connection.execute(
        select(J.c.question, J.c.rater)
        .where(J.c.study == study, J.c.sequence > after, J.c.sequence <= until)
        .group_by(J.c.question, J.c.rater)
        .order_by(func.min(J.c.sequence))
    ).all()


def wordings(connection: Connection, ids: Collection[int]) -> Sequence[Any]:
    """Wordings by id: id, digest, name, kind, definition."""
    return connection.execute(select(Q).where(Q.c.id.in_(list(ids)))).all()
