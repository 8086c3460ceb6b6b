"""The units of a study: made of its items and their outputs, and read again."""

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection

from core.content.base import Content, restore
from core.protocol import StudyProtocol
from core.questions.base import Question
from core.selection import interleaved
from core.services import pools
from core.units import Shown, Unit
from storage import items

if TYPE_CHECKING:
    from core.services.studies import Study

FIRST, PIECE = 32, 500


def add_missing_units(connection: Connection, study: "Study") -> int:
    """Make the units of items that have none yet, after the last position; returns how many.

    Positions follow the order of arrival, or a seeded shuffle of the new units when the policy
    says so.
    """
    known = items.unit_ids(connection, study.id)
    keys = items.output_keys(connection, study.id)
    facts = items.facts(connection, study.id) if _by_facts(study.protocol) else {}
    rows = []
    for item_key, item in items.item_ids(connection, study.id).items():
        for outputs in groups(study.protocol, keys.get(item, []), facts.get(item, {})):
            key = unit_key(item_key, outputs, keys.get(item, []))
            if key not in known:
                rows.append({"item": item, "key": key, "outputs": outputs})
    return items.add_units(connection, study.id, placed(connection, study, rows, facts))


def _by_facts(protocol: StudyProtocol) -> bool:
    """Whether facts of the items decide what a unit is, or where it stands."""
    plan = protocol.assignment
    return bool(isinstance(protocol.units, Mapping) or protocol.checks.pools or plan.strata)


def placed(
    connection: Connection, study: "Study", rows: Sequence[dict[str, Any]], facts: Mapping[int, Any]
) -> Iterable[dict[str, Any]]:
    """New units with their positions: the ordinary ones after the last, checks in their pools."""
    apart: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        meta = facts.get(row["item"]) or {}
        apart.setdefault(pools.of(study.protocol, meta), []).append(row)
    plain = apart.pop("", [])
    start = items.last_position(connection, study.id) + 1
    order = list(range(start, start + len(plain)))
    policy = study.protocol.assignment
    chance = random.Random(study.seed + start)  # noqa: S311
    if policy.order != "shared":
        chance.shuffle(order)
    if policy.strata:
        ranked = [plain[n] for n in np.argsort(order)]
        strata = [str((facts.get(r["item"]) or {}).get(policy.strata)) for r in ranked]
        plain = [ranked[n] for n in interleaved(strata)]
        order = list(range(start, start + len(plain)))
    yield from ({**row, "position": place} for row, place in zip(plain, order, strict=True))
    for name, own in apart.items():
        low, high = pools.bounds(study.protocol, name)
        first = items.last_within(connection, study.id, (low, high)) + 1
        yield from ({**row, "position": first + n} for n, row in enumerate(own))


def groups(
    protocol: StudyProtocol, outputs: Sequence[str], meta: Mapping[str, Any] | None = None
) -> list[list[str]]:
    """Which outputs of an item with these facts one unit shows together."""
    design = protocol.design(meta or {})
    if design == "each":
        return [[key] for key in outputs]
    if design == "pairs":
        return [list(pair) for pair in combinations(outputs, 2)]
    return [list(outputs)]


def unit_key(item: str, outputs: Sequence[str], every: Sequence[str]) -> str:
    """The natural key of a unit: the item's key, and the outputs when they are not all."""
    return item if list(outputs) == list(every) else f"{item}/{'+'.join(outputs)}"


def unit(study: "Study", row: Any, outputs: Iterable[Any]) -> Unit:
    """The unit that storage rows describe, with the questions that apply to it."""
    shown = tuple(Shown(o.key, restore(o.content), o.role, o.source) for o in outputs)
    return _asked(study, row, {n: restore(c) for n, c in row.content.items()}, shown)


def _asked(
    study: "Study", row: Any, fields: Mapping[str, Content], shown: tuple[Shown, ...]
) -> Unit:
    bare = Unit(
        key=row.key, item=row.item_key, fields=fields, outputs=shown,
        order=tuple(o.key for o in shown), meta=row.meta, gold=row.gold or {},
    )  # fmt: skip
    asked = tuple(q for q in _named(study.protocol, row.position) if q.applies(bare))
    return Unit(
        key=bare.key, item=bare.item, fields=bare.fields, outputs=shown, order=bare.order,
        questions=asked, meta=bare.meta, gold=bare.own_gold(),
    )  # fmt: skip


def _named(protocol: StudyProtocol, position: int) -> Sequence[Question]:
    """The questions of a unit at a position: those about the person stand apart."""
    apart = protocol.questionnaire
    if not apart.names:
        return protocol.questions
    when = pools.at(protocol, position)
    wanted = getattr(apart, when) if when in {"before", "after"} else None
    if wanted is None:
        return [q for q in protocol.questions if q.name not in apart.names]
    return [q for q in protocol.questions if q.name in wanted]


def read_unit(connection: Connection, study: "Study", unit_id: int) -> Unit:
    """One unit by its row id."""
    return unit(study, *items.unit(connection, unit_id))


def all_units(connection: Connection, study: "Study") -> Iterable[tuple[int, Unit]]:
    """Every unit with its row id, in order of position; read in pieces, the first one small."""
    ids = items.unit_order(connection, study.id, 0, FIRST)
    yield from some_units(connection, study, ids)
    if len(ids) == FIRST:
        ids = items.unit_order(connection, study.id, FIRST)
        for start in range(0, len(ids), PIECE):
            yield from some_units(connection, study, ids[start : start + PIECE])


def some_units(
    connection: Connection, study: "Study", ids: Iterable[int]
) -> Iterable[tuple[int, Unit]]:
    """The units of these row ids, each with its id."""
    rows = list(items.units(connection, study.id, list(ids)))
    outputs = items.outputs_of(connection, [row.item for row in rows])
    for row in rows:
        own = outputs.get(row.item, {})
        yield row.id, unit(study, row, [own[key] for key in row.outputs])


def outlines(connection: Connection, study: "Study") -> Iterable[tuple[int, Unit]]:
    """Every unit with its row id, in order, with empty texts: enough to see what can be asked."""
    blank = restore({"kind": "text", "data": ""})
    for row in items.units(connection, study.id):
        if pools.at(study.protocol, row.position) in {"before", "after"}:
            continue
        shown = tuple(Shown(key, blank) for key in row.outputs)
        yield row.id, _asked(study, row, dict.fromkeys(row.content, blank), shown)
