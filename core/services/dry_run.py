"""What a run would send, before anything is sent."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.rehearsal import Rehearsal, Request, rehearse
from core.services import material, runs, studies
from core.services.access import Identity, require
from core.services.bundles import Bundles
from core.services.planning import Plan
from core.services.studies import Refused, Study
from core.services.surveys import Survey
from core.units import Unit
from core.workers.base import CannotAnswer, Worker
from storage.database import Database

ITEMS = 3


@dataclass(frozen=True, slots=True)
class Look:
    """One task as it would be asked: its exact requests, and why they may not be all ('' if so).

    The first request is exact. Where a worker goes on from a reply, a stand-in takes its place.
    `cases` is how many tasks share the request, itself among them.
    """

    unit: str
    repeat: int
    requests: Sequence[Request]
    note: str = ""
    cases: int = 1


def dry_run(
    db: Database, who: Identity, key: str, worker: Worker, *, items: int = ITEMS, skip: int = 0,
    fresh: bool = True, limit: int | None = None,
) -> list[Look]:  # fmt: skip
    """The requests of the first tasks of a run, those of so many units; nothing is sent.

    `skip` passes by as many units. Raises `Refused` when the worker asks no model, or when it can
    answer nothing here.
    """
    require(who, "run")
    if not worker.needs_model():
        raise Refused(f"{worker.name} works offline: it sends nothing")
    planned = runs.plan(db, who, key, worker, limit=limit, fresh=fresh)
    tasks = [(unit, repeat) for unit, repeat, reason in planned.tasks if not reason]
    wanted = set(list(dict.fromkeys(unit for unit, _ in tasks))[skip : skip + items])
    if not wanted:
        why = next(iter(planned.passed_by), "the study has no further one")
        raise Refused(f"{worker.name} can answer no further unit here ({why})")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        chosen = [task for task in tasks if task[0] in wanted]
        return looks(connection, study, worker, chosen, planned.unmade, bundles(worker, planned))


def bundles(worker: Worker, planned: Plan) -> Bundles | None:
    """The requests that tasks of a plan will share; None where each has its own."""
    if not worker.gathers():
        return None
    return Bundles(worker, [(unit, repeat) for unit, repeat, _ in planned.tasks])


def looks(
    connection: Connection, study: Study, worker: Worker, tasks: Sequence[tuple[int, int]],
    unmade: Mapping[int, tuple[int, tuple[str, ...]]], shared: Bundles | None = None,
) -> list[Look]:  # fmt: skip
    """Tasks (unit id, repeat) as they would be asked; one without an answer says why instead.

    Units that are `unmade` are put together from their item and outputs. Tasks that share a request
    by `shared` each show it.
    """
    ids = {unit for unit, _ in tasks}
    units = dict(material.some_units(connection, study, ids - unmade.keys()))
    for unit in ids & unmade.keys():
        units[unit] = material.work_unit(connection, *unmade[unit])
    units = Survey(worker).told(connection, study, units)
    shown = [units[unit] for unit, _ in tasks]
    if shared is not None:
        told = shared.told(connection, study, tasks, units)
        shown = [told[task] for task in tasks]
    repeats = [repeat for _, repeat in tasks]
    return asyncio.run(_rehearsed(worker, list(zip(shown, repeats, strict=True))))


async def _rehearsed(worker: Worker, tasks: Sequence[tuple[Unit, int]]) -> list[Look]:
    found = []
    for unit, repeat in tasks:
        try:
            model: Rehearsal = await rehearse(worker, unit, repeat)
        except CannotAnswer as reason:
            found.append(Look(unit.key, repeat, (), f"Passed by, nothing is sent: {reason}"))
            continue
        others = [one.key for one in unit.together if one.key != unit.key]
        note = f"One request for {len(others) + 1} units, with {', '.join(others)}."
        words = " ".join(filter(None, [note if others else "", model.ended]))
        found.append(Look(unit.key, repeat, model.requests, words, len(others) + 1))
    return found


def sample(planned: Plan, most: int) -> Iterator[tuple[int, int]]:
    """At most so many of a plan's tasks (unit id, repeat), spread evenly over it."""
    tasks = [(unit, repeat) for unit, repeat, reason in planned.tasks if not reason]
    step = max(1.0, len(tasks) / most)
    yield from (tasks[int(place * step)] for place in range(min(most, len(tasks))))
