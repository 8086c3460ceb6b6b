"""What a worker that writes outputs has to do: units that only it is given, made of the outputs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from core.digest import digest
from core.services import material, pools
from core.services.drafted import task_mark, tasks_in
from core.services.studies import Study
from core.workers.base import Worker
from storage import items, outputs

MARK = "\x1f"  # begins no key that a person would choose


@dataclass(slots=True)
class WorkPlan:
    """Tasks (unit id, below 0 for one that is not made yet; repeat; ''), and how many are done.

    `waits` counts, per role that the worker reads, what it cannot work on for want of it;
    `unmade` says of each unit that is not made what it will be: item id and keys of outputs.
    """

    tasks: list[tuple[int, int, str]] = field(default_factory=list)
    done: int = 0
    unmade: dict[int, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    waits: Counter[str] = field(default_factory=Counter)


def plan(
    connection: Connection, study: Study, worker: Worker, limit: int | None, fresh: bool, *,
    make: bool = False,
) -> WorkPlan:  # fmt: skip
    """What the worker has still to do, for at most `limit` units; with `make` they are made.

    What it has done before is planned again only when it is `fresh`; so is not what it has written
    in the study that this one is a copy of.
    """
    finished = set() if fresh else outputs.finished(connection, study.id, worker.digest)
    trees = outputs.trees(connection, study.id)
    written = {} if fresh else {i: tasks_in(row.key for row in rows) for i, rows in trees.items()}
    known = outputs.hidden(connection, study.id)
    found, names = WorkPlan(), dict[int, str]()
    todo: list[tuple[int, list[int]]] = []
    for item, key, group in _groups(connection, study, worker, trees, found.waits):
        if limit is not None and len(todo) >= limit:
            break
        name = work_key(key, group)
        unit = known.get(name, -1 - len(names))
        there = written.get(item, set())
        left = [
            n for n in range(worker.repeats())
            if (unit, n) not in finished and task_mark(worker, name, n) not in there
        ]  # fmt: skip
        found.done += worker.repeats() - len(left)
        if left:
            todo.append((unit, left))
        if left and unit < 0:
            names[unit], found.unmade[unit] = name, (item, group)
    if make and names:
        rows = [
            {"item": item, "key": names[unit], "outputs": list(group)}
            for unit, (item, group) in found.unmade.items()
        ]
        outputs.hide(connection, study.id, rows)
        known, found.unmade = outputs.hidden(connection, study.id), {}
        todo = [(unit if unit > 0 else known[names[unit]], left) for unit, left in todo]
    found.tasks = [(unit, n, "") for unit, left in todo for n in left]
    return found


def work_key(item: str, group: Sequence[str]) -> str:
    """The key of a unit that only workers are given: the same for the same item and outputs."""
    return f"{MARK}{digest([item, list(group)])}"


def _groups(
    connection: Connection, study: Study, worker: Worker, trees: Mapping[int, Sequence[Any]],
    waits: Counter[str],
) -> Iterator[tuple[int, str, tuple[str, ...]]]:  # fmt: skip
    """Item id, item key and output keys of all that the worker is given."""
    facts = items.facts(connection, study.id) if worker.only else {}
    apart = set[int]()
    for when in ("before", "after") if study.protocol.questionnaire.names else ():
        apart |= outputs.items_within(connection, study.id, pools.bounds(study.protocol, when))
    for key, item in items.item_ids(connection, study.id).items():
        if item in apart or (worker.only and not material.applies(worker, facts[item])):
            continue
        for group in given(worker, trees.get(item, ()), waits):
            yield item, key, group


def given(worker: Worker, made: Sequence[Any], waits: Counter[str]) -> Iterator[tuple[str, ...]]:
    """The keys of the outputs in each task on an item; what is missing is counted in `waits`.

    `made` are the item's outputs (id, key, role, parent). The whole item: all of the roles that
    the worker reads, which must all be there. One output: one of the last role, preceded by those
    of the other roles that it hangs together with.
    """
    if worker.scope() == "item":
        missing = [role for role in worker.reads if all(row.role != role for row in made)]
        waits.update(missing)
        if not missing:
            yield tuple(row.key for role in worker.reads for row in made if row.role == role)
        return
    *others, last = worker.reads
    tree = Tree(made)
    about = [row for row in made if row.role == last]
    if not about:
        waits[last] += 1
    for row in about:
        near = {role: tree.near(row, role) for role in others}
        missing = [role for role, rows in near.items() if not rows]
        waits.update(missing)
        if not missing:
            yield (*(other.key for role in others for other in near[role]), row.key)


class Tree:
    """The outputs of one item as they hang on each other."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows: Mapping[int, Any] = {row.id: row for row in rows}
        self.under: dict[int, list[Any]] = {}
        for row in rows:
            if row.parent is not None:
                self.under.setdefault(row.parent, []).append(row)

    def above(self, row: Any) -> Iterator[Any]:
        """What it hangs on, the nearest first."""
        while row.parent is not None:
            row = self.rows[row.parent]
            yield row

    def below(self, row: Any) -> Iterator[Any]:
        """What hangs on it, however far."""
        for child in self.under.get(row.id, ()):
            yield child
            yield from self.below(child)

    def near(self, row: Any, role: str) -> list[Any]:
        """The outputs of a role that belong to this one.

        The nearest that it hangs on; else those that hang on it; else those that hang on the
        nearest output above it that has any; else those that hang on nothing but the item.
        """
        above = list(self.above(row))
        for one in above:
            if one.role == role:
                return [one]
        for one in (row, *above):
            found = [other for other in self.below(one) if other.role == role]
            if found:
                return sorted(found, key=lambda other: other.id)
        return [other for other in self.rows.values() if other.role == role and not other.parent]
