"""The units of a study: made of its items and their outputs, and read again."""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection

from core.content.base import Content, restore
from core.digest import digest
from core.protocol import StudyProtocol
from core.questions.base import Question
from core.selection import interleaved
from core.services import pairing, pools
from core.units import Shown, Unit
from core.workers.base import Worker
from storage import items, outputs

if TYPE_CHECKING:
    from core.services.studies import Study

FIRST, PIECE, LONGEST_KEY = 32, 500, 400


def add_missing_units(connection: Connection, study: "Study") -> int:
    """Make the units that are missing, after the last position; returns how many.

    A unit never changes: an item whose outputs have grown gets new units beside those it has. It
    gets none while a role that is judged is still to be written by a worker. Positions follow the
    order of arrival, or a seeded shuffle of the new units when the policy says so. Where a rule
    chooses among pairs, what it did is recorded.
    """
    known = items.unit_outputs(connection, study.id)
    taken = {key for own in known.values() for key in own.values()}
    trees = outputs.trees(connection, study.id)
    facts = items.facts(connection, study.id) if _by_facts(study.protocol) else {}
    chooser, rows = pairing.Chooser(connection, study), []
    for item_key, item in items.item_ids(connection, study.id).items():
        meta, made = facts.get(item, {}), trees.get(item, ())
        keys = judged(study.protocol, [(row.key, row.role) for row in made], meta)
        for group in () if keys is None else _groups(study, chooser, item, item_key, keys, meta):
            if tuple(group) not in known.get(item, {}):
                key = free_key(item_key, group, keys or (), taken)
                taken.add(key)
                rows.append({"item": item, "key": key, "outputs": group})
    rows = chooser.by_rounds(rows)
    count = items.add_units(connection, study.id, placed(connection, study, rows, facts))
    chooser.record(connection, rows)
    return count


def _groups(
    study: "Study", chooser: pairing.Chooser, item: int, name: str, keys: Sequence[str],
    meta: Mapping[str, Any],
) -> list[list[str]]:  # fmt: skip
    chosen = chooser.groups(item, name, keys, meta)
    return groups(study.protocol, keys, meta) if chosen is None else chosen


def _by_facts(protocol: StudyProtocol) -> bool:
    """Whether facts of the items decide what a unit is, or where it stands."""
    plan = protocol.assignment
    return bool(
        isinstance(protocol.units, Mapping)
        or protocol.checks.pools
        or plan.strata
        or protocol.workers
        or protocol.pairs.score
    )


def placed(
    connection: Connection, study: "Study", rows: Sequence[dict[str, Any]], facts: Mapping[int, Any]
) -> Iterable[dict[str, Any]]:
    """New units with their positions: the ordinary ones after the last, checks in their pools."""
    apart: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        meta = facts.get(row["item"]) or {}
        apart.setdefault(pools.of(study.protocol, meta, row["key"]), []).append(row)
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


def judged(
    protocol: StudyProtocol, made: Sequence[tuple[str, str]], meta: Mapping[str, Any]
) -> list[str] | None:
    """The keys of the outputs (key, role) that are judged, in order of arrival.

    None while a judged role is still to be written by a worker, so that units must wait. An item
    none of whose outputs is judged is judged by itself.
    """
    found = [key for key, role in made if protocol.judges(role)]
    there = {role for _, role in made}
    for worker in protocol.workers:
        awaited = worker.writes and protocol.judges(worker.writes) and worker.writes not in there
        if awaited and applies(worker, meta) and (not found or protocol.design(meta) != "each"):
            return None
    return found


def applies(worker: Worker, meta: Mapping[str, Any]) -> bool:
    """Whether the worker's `only` takes an item with these facts."""
    return all(str(meta.get(name)) in values for name, values in worker.only.items())


def regroup(connection: Connection, study: "Study") -> None:
    """Move units into and out of the pools, after the study has said otherwise what items are for.

    Units of the ordinary work close their ranks, so that positions stay without gaps.
    """
    facts = items.facts(connection, study.id)
    counts: dict[str, int] = {}
    moves = {}
    for row in items.placing(connection, study.id):
        here = pools.at(study.protocol, row.position)
        if here in {"before", "after"}:
            continue
        name = pools.of(study.protocol, facts.get(row.item) or {})
        first = 0 if not name else pools.bounds(study.protocol, name)[0] + 1
        moves[row.id] = first + counts.get(name, 0)
        counts[name] = counts.get(name, 0) + 1
    items.place(connection, moves)


def groups(
    protocol: StudyProtocol, keys: Sequence[str], meta: Mapping[str, Any] | None = None
) -> list[list[str]]:
    """Which of an item's judged outputs one unit shows together, before a rule leaves pairs out."""
    design = protocol.design(meta or {})
    if design == "each":
        return [[key] for key in keys]
    if design == "pairs":
        return [list(pair) for pair in combinations(keys, 2)]
    return [list(keys)]


def unit_key(item: str, group: Sequence[str], every: Sequence[str]) -> str:
    """The natural key of a unit: the item's key, and the outputs when they are not all."""
    return item if list(group) == list(every) else f"{item}/{'+'.join(group)}"


def free_key(item: str, group: Sequence[str], every: Sequence[str], taken: Collection[str]) -> str:
    """The unit's key; one that names its outputs where that is taken, a short one if too long."""
    for key in (unit_key(item, group, every), f"{item}/{'+'.join(group)}"):
        if key not in taken and len(key) <= LONGEST_KEY + len(item):
            return key
    return f"{item}/{len(group)}-{digest([item, list(group)])[:16]}"


def unit(study: "Study", row: Any, own: Mapping[str, Any]) -> Unit:
    """The unit that storage rows describe, with the questions that apply to it.

    `own` are the outputs of its item, by key. A unit that only workers are given has no questions.
    """
    names = {output.id: output.key for output in own.values()}
    shown = tuple(_shown(own[key], names) for key in row.outputs)
    fields = {n: restore(c) for n, c in row.content.items()}
    if row.position == items.HIDDEN:
        return _given(row, row.item_key, fields, shown)
    around = tuple(_shown(o, names) for o in _around(study.protocol, row.outputs, own, names))
    return _asked(study, row, fields, shown, around)


def _given(row: Any, item: str, fields: Mapping[str, Content], shown: tuple[Shown, ...]) -> Unit:
    order = tuple(output.key for output in shown)
    return Unit(row.key, item, fields, shown, order, meta=row.meta, gold=row.gold or {})


def work_unit(connection: Connection, item: int, group: Sequence[str]) -> Unit:
    """The unit that a worker will be given of an item and these outputs, before it is made."""
    row = items.item(connection, item)
    own = items.outputs_of(connection, [item]).get(item, {}) if group else {}
    names = {output.id: output.key for output in own.values()}
    fields = {n: restore(c) for n, c in row.content.items()}
    return _given(row, row.key, fields, tuple(_shown(own[key], names) for key in group))


def _shown(output: Any, names: Mapping[int, str]) -> Shown:
    parent = names.get(output.parent, "")
    facts = output.content.get("facts", {})
    return Shown(output.key, restore(output.content), output.role, output.source, parent, facts)


def _around(
    protocol: StudyProtocol, keys: Sequence[str], own: Mapping[str, Any], names: Mapping[int, str]
) -> list[Any]:
    """The outputs that the unit's outputs hang on and that the protocol shows with them."""
    found: dict[str, Any] = {}
    for key in keys:
        wanted = protocol.context.get(own[key].role, ())
        above = own[key]
        while wanted and above.parent is not None:
            above = own[names[above.parent]]
            if above.role in wanted and above.key not in keys:
                found.setdefault(above.key, above)
    return sorted(found.values(), key=lambda output: output.id)


def _asked(
    study: "Study", row: Any, fields: Mapping[str, Content], shown: tuple[Shown, ...],
    context: tuple[Shown, ...] = (),
) -> Unit:  # fmt: skip
    bare = Unit(
        key=row.key, item=row.item_key, fields=fields, outputs=shown,
        order=tuple(o.key for o in shown), meta=row.meta, gold=row.gold or {}, context=context,
    )  # fmt: skip
    asked = tuple(q for q in _named(study.protocol, row.position) if q.applies(bare))
    return replace(bare, questions=asked, gold=bare.own_gold())


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
    made = items.outputs_of(connection, [row.item for row in rows])
    for row in rows:
        yield row.id, unit(study, row, made.get(row.item, {}))


def outline(
    study: "Study", position: int, shown: tuple[Shown, ...], fields: Mapping[str, Content],
    facts: Mapping[str, Any], known: Mapping[str, Any],
) -> Unit:  # fmt: skip
    """A unit at a position without its name: enough to see what is asked of it and of its like."""
    order = tuple(output.key for output in shown)
    bare = Unit("", "", fields, shown, order, meta=facts, gold=known)
    asked = tuple(q for q in _named(study.protocol, position) if q.applies(bare))
    return replace(bare, questions=asked)


def outlines(connection: Connection, study: "Study") -> Iterable[tuple[int, Unit]]:
    """Every unit with its row id, in order, with empty texts: enough to see what can be asked."""
    blank = restore({"kind": "text", "data": ""})
    trees = outputs.trees(connection, study.id)
    roles = {(item, row.key): row.role for item, made in trees.items() for row in made}
    for row in items.units(connection, study.id):
        if pools.at(study.protocol, row.position) in {"before", "after"}:
            continue
        shown = tuple(Shown(key, blank, roles[row.item, key]) for key in row.outputs)
        yield row.id, _asked(study, row, dict.fromkeys(row.content, blank), shown)
