"""Units by what decides what is asked of them: read as text, and only what is needed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Text, bindparam, cast, func, select

from storage.items import SEEN
from storage.tables import Item, Output, Unit

I: Any = Item.__table__  # type: ignore[attr-defined]  # noqa: E741
O: Any = Output.__table__  # type: ignore[attr-defined]  # noqa: E741
U: Any = Unit.__table__  # type: ignore[attr-defined]

UNITS = (
    select(U.c.id, U.c.item, U.c.position, cast(U.c.outputs, Text).label("outputs"))
    .where(U.c.study == bindparam("study_id"), SEEN)
    .order_by(U.c.position, U.c.id)
)
FACTS = select(I.c.id, cast(I.c.meta, Text)).where(I.c.study == bindparam("study_id"))
KNOWN = select(I.c.id, cast(I.c.gold, Text)).where(
    I.c.study == bindparam("study_id"), I.c.gold.is_not(None)
)
ROLES = select(O.c.role).where(O.c.study == bindparam("study_id")).distinct()
ROLE_OF = select(O.c.item, O.c.key, O.c.role).where(O.c.study == bindparam("study_id"))
EACH = {
    "sqlite": (func.json_each(I.c.content).table_valued("key"), func.json_group_array),
    "postgresql": (
        func.json_object_keys(I.c.content).table_valued("key").render_derived(),
        func.json_agg,
    ),
}  # the names in a JSON object, one a row, and how rows become a list


def units(connection: Connection, study: int) -> Sequence[Any]:
    """Units that people see, in order of position: id, item, position, outputs (keys, as JSON)."""
    return connection.execute(UNITS, {"study_id": study}).all()


def facts(connection: Connection, study: int) -> dict[int, str]:
    """The facts about each item as JSON text, by item id."""
    return {own: text for own, text in connection.execute(FACTS, {"study_id": study}).all()}


def known(connection: Connection, study: int) -> dict[int, str]:
    """The known answers of the items that may have some, as JSON text, by item id."""
    return {own: text for own, text in connection.execute(KNOWN, {"study_id": study}).all()}


def fields(connection: Connection, study: int) -> dict[int, str]:
    """The names of each item's fields as a JSON list, by item id."""
    names, together = EACH[connection.dialect.name]
    listed = select(cast(together(names.c.key), Text)).select_from(names).correlate(I)
    query = select(I.c.id, listed.scalar_subquery()).where(I.c.study == study)
    return {own: text for own, text in connection.execute(query).all()}


def roles(connection: Connection, study: int) -> set[str]:
    """The roles that the study's outputs have."""
    return set(connection.execute(ROLES, {"study_id": study}).scalars())


def role_of(connection: Connection, study: int) -> dict[tuple[int, str], str]:
    """The role of each output: (item id, key) -> role."""
    rows = connection.execute(ROLE_OF, {"study_id": study}).all()
    return {(item, key): role for item, key, role in rows}
