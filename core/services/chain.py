"""One run after the other: the workers of a study in the order of what they read and write."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from core.services import material, runs, studies
from core.services.access import Identity, require
from core.services.planning import planned_for, waiting
from core.services.studies import Refused, Study
from core.services.terms import Terms, of_run
from core.workers.base import Worker
from core.workers.base import load as load_worker
from storage import jobs
from storage import runs as run_rows
from storage.database import Database

RUNNER = "runner"


@dataclass(frozen=True, slots=True)
class Stage:
    """A worker in its place: what it reads and writes, and what it could do at once.

    `work` counts tasks as things stand; more come when earlier stages have written. `waits` says
    what is missing.
    """

    worker: Worker
    work: int
    done: int
    waits: Sequence[str]


def stages(db: Database, who: Identity, key: str) -> Sequence[Stage]:
    """The study's workers in the order in which each finds what it needs.

    Each is remembered until what its plan follows from changes.
    """
    require(who, "run")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        known = db.cache.get(("stages", study.id), {})
        found = {}
        for worker in study.protocol.stages():
            mark, last = runs.moves(connection, study, worker), known.get(worker.name)
            again = last is not None and last[0] == mark and last[1].worker == worker
            found[worker.name] = last if again else (mark, _stage(connection, study, worker))
        db.cache["stages", study.id] = found
        return [stage for _, stage in found.values()]


def _stage(connection: Connection, study: Study, worker: Worker) -> Stage:
    planned = planned_for(connection, study, worker, None, False)
    return Stage(worker, planned.work, planned.judged, waiting(study, planned))


@dataclass(frozen=True, slots=True)
class Orders:
    """How every run of a chain is done: at most `limit` units for each worker, on these terms.

    All its runs draw on one budget, which the account of the run `purse` holds; 0 without one.
    """

    concurrency: int = 16
    fresh: bool = False
    limit: int | None = None
    terms: Terms = runs.TERMS
    purse: int = 0

    def kept(self) -> dict[str, Any]:
        """What each run keeps for those that follow."""
        return {"limit": self.limit, "purse": self.purse, **self.terms.spec()}


def start(
    db: Database, who: Identity, key: str, *, concurrency: int = 16, fresh: bool = False,
    limit: int | None = None, terms: Terms = runs.TERMS,
) -> int:  # fmt: skip
    """Start the first worker that has something to do; the others follow, each when it is its turn.

    Returns the number of the first run; where a chain is under way already, of its open run.
    Raises `NothingToDo`, and `Refused` when a key of any of them is not set, when one of them
    cannot work on these terms, or when one that was started by itself, on others, is open.
    """
    require(who, "run")
    study = studies.load(db, key)
    if not study.protocol.workers:
        raise Refused("the study has no workers; write them into its protocol")
    for worker in study.protocol.workers:
        runs.check_key(worker)
        terms.fitting(worker).check(worker)
    orders = Orders(concurrency, fresh, limit, terms)
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        _own_terms(connection, study, orders)
        names = [worker.name for worker in study.protocol.stages()]
        run = _next(connection, study, names, who.name, orders, after=0)
    if run is None:
        raise runs.NothingToDo("every worker of the study has done all that there is for it")
    jobs.announce(db, run)
    return run


def _own_terms(connection: Connection, study: Study, orders: Orders) -> None:
    """Raise `Refused` when a run that keeps terms of its own would become a part of the chain."""
    if orders.limit is None and orders.terms == runs.TERMS:
        return
    for worker in study.protocol.workers:
        opened = _open(connection, study, worker)
        if opened is not None and "chain" not in opened.worker:
            raise Refused(
                f"run {opened.id} of {worker.name} is {opened.state} and keeps its own terms; let "
                "it finish or stop it, then start the chain with a budget, a lane or a limit"
            )


def follow(db: Database, connection: Connection, run: int) -> int | None:
    """What comes when a run is done: units of its outputs, then the next run; returns its number.

    Units wait while a later stage still writes what they show.
    """
    row = run_rows.by_id(connection, run)
    names = list(row.worker.get("then", ()))
    worker = load_worker(row.worker["definition"])
    if not worker.writes and not names:
        return None
    study = studies.load(db, row.study_key, connection, lock=True)
    if worker.writes and not _writes_more(study, names):
        material.add_missing_units(connection, study)
    return _next(connection, study, names, RUNNER, _orders(row), after=run)


def _orders(row: Any) -> Orders:
    """The orders that a run of a chain keeps; those of older chains are the defaults."""
    kept = row.worker.get("chain", {})
    terms = of_run(kept, None)
    return Orders(
        row.concurrency, bool(row.worker["fresh"]), kept.get("limit"), terms, kept.get("purse", 0)
    )


def following(db: Database, who: Identity, run: int) -> int | None:
    """The run that came after this one in its chain, or None."""
    require(who, "run")
    with db.read() as connection:
        row = run_rows.by_id(connection, run)
        rows = run_rows.every(connection, row.study)
        return next((int(r.id) for r in rows if r.worker.get("after") == run), None)


def _writes_more(study: Study, names: Sequence[str]) -> bool:
    """Whether one of these workers writes a role that is judged."""
    later = [worker for worker in study.protocol.workers if worker.name in names]
    return any(worker.writes and study.protocol.judges(worker.writes) for worker in later)


def _next(
    connection: Connection, study: Study, names: Sequence[str], actor: str, orders: Orders,
    after: int,
) -> int | None:  # fmt: skip
    """Start the first of these workers that has something to do, to be followed by the rest.

    One that is at work already is let finish, on the terms that it has, and the rest follow it.
    """
    known = {worker.name: worker for worker in study.protocol.workers}
    for place, name in enumerate(names):
        if name not in known:
            continue
        opened = _open(connection, study, known[name])
        if opened is not None and not after and "chain" in opened.worker:
            return int(opened.id)
        more = {"then": list(names[place + 1 :]), "after": after, "chain": orders.kept()}
        if opened is not None:
            run_rows.change(connection, opened.id, worker={**opened.worker, **more})
            return int(opened.id)
        try:
            return _begin(connection, study, known[name], actor, orders, more)
        except runs.NothingToDo:
            if known[name].writes and not _writes_more(study, names[place + 1 :]):
                material.add_missing_units(connection, study)
    return None


def _begin(
    connection: Connection, study: Study, worker: Worker, actor: str, orders: Orders,
    more: dict[str, Any],
) -> int:  # fmt: skip
    """A run of the chain: the first holds the budget, the others draw on it."""
    terms = orders.terms.fitting(worker)
    if orders.purse:
        terms, more = terms.unpaid(), {**more, "purse": orders.purse}
    run = runs.begin(
        connection, study, worker, actor, fresh=orders.fresh, concurrency=orders.concurrency,
        limit=orders.limit, more=more, terms=terms,
    )  # fmt: skip
    if terms.budget.limits():
        row = run_rows.by_id(connection, run)
        own = replace(orders, purse=run).kept()
        run_rows.change(connection, run, worker={**row.worker, "chain": own})
    return run


def _open(connection: Connection, study: Study, worker: Worker) -> Any:
    rows = run_rows.every(connection, study.id)
    return next(
        (r for r in rows if r.state in runs.OPEN and r.worker.get("digest") == worker.digest), None
    )
