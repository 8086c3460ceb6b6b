"""Runs: what a worker has to do in a study, and how far it has come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from core.services import capabilities, material, past_answers, prices, studies
from core.services.access import Identity, require
from core.services.budget import Budget
from core.services.planning import Plan, nothing, planned_for
from core.services.progress import Status, progress
from core.services.studies import Refused, Study
from core.services.terms import Terms, account_of, of_run, purse_of
from core.settings import secret
from core.stages import Circle
from core.workers.base import Worker
from core.workers.base import load as load_worker
from storage import accounts, items, jobs, outputs, runs
from storage import studies as study_rows
from storage.database import Database, now

OPEN = ("ready", "running", "paused")
TERMS = Terms()


class NothingToDo(Refused):
    """The worker has no task left in the study; the message says why."""


class NoRun(LookupError):
    """There is no run of that number."""

    exit_code = 3


def plan(
    db: Database, who: Identity, key: str, worker: Worker, *, limit: int | None = None,
    fresh: bool = False,
) -> Plan:  # fmt: skip
    """What the worker has still to do in a study, for at most `limit` units.

    With `fresh` it answers again what it has answered before. The last plan of a study is
    remembered until the study, its units or what the worker has answered change, or the log where
    it reads what others say. It also holds for another worker that has answered nothing yet and
    differs in options that decide nothing about a plan.
    """
    require(who, "run")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        mark = (moves(connection, study, worker), limit, fresh)
        known = db.cache.get(("plan", study.id))
        if known is None or known[0] != mark:
            whole = past_answers.filled(connection, study, worker)
            known = (mark, planned_for(connection, study, whole, limit, fresh))
            db.cache[("plan", study.id)] = known
        found: Plan = known[1]
        return found


def moves(connection: Connection, study: Study, worker: Worker) -> tuple[Any, ...]:
    """What a plan of the worker follows from: while this is the same, so is the plan."""
    last: tuple[Any, ...] = (items.last_position(connection, study.id),)
    revision: int | None = study.revision
    if worker.scope() == "unit":
        rater = study_rows.rater_key(connection, study.id, worker.rater, worker.digest)
        made = outputs.last(connection, study.id) if worker.beside() else 0
        last = (*last, rater, worker.planned_by(), made)
        if not worker.voters() and not past_answers.wants(worker):
            revision = None if rater is None else runs.newest(connection, rater)
    else:
        states = [(row.id, row.state) for row in runs.every(connection, study.id)]
        last = (*last, outputs.last(connection, study.id), states, worker.definition())
    return (study.version, revision, last)


def worker_of(study: Study, name: str) -> Worker:
    """The worker of that name in the study's protocol; raises `Refused` naming those there are."""
    try:
        return study.protocol.worker(name)
    except KeyError:
        known = ", ".join(w.name for w in study.protocol.workers) or "none yet"
        raise Refused(f"the study has no worker called {name!r}; there are: {known}") from None


def add_worker(db: Database, who: Identity, key: str, worker: Worker) -> Study:
    """Save a worker into the study's protocol, in place of one of the same name."""
    require(who, "run")
    study = studies.load(db, key)
    others = tuple(w for w in study.protocol.workers if w.name != worker.name)
    if worker in study.protocol.workers:
        return study
    protocol = study.protocol.model_copy(update={"workers": (*others, worker)})
    try:
        protocol.stages()
    except Circle as circle:
        raise Refused(str(circle)) from None
    return studies.edit(db, who, key, protocol, study.version)


def start(
    db: Database, who: Identity, key: str, worker: Worker, *, limit: int | None = None,
    fresh: bool = False, concurrency: int = 16, terms: Terms = TERMS,
    among: Collection[int] | None = None,
) -> int:  # fmt: skip
    """Plan a run and make it ready for a runner; returns its number.

    `among` keeps it to the units of these row ids. Raises `NothingToDo`, and `Refused` when a run
    of this worker is open, its key is not set, or it cannot work on these terms.
    """
    require(who, "run")
    check_key(worker)
    terms.check(worker)
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        run = begin(connection, study, worker, who.name, limit=limit, fresh=fresh,
                    concurrency=concurrency, terms=terms, among=among)  # fmt: skip
    jobs.announce(db, run)
    return run


def begin(
    connection: Connection, study: Study, worker: Worker, actor: str, *, limit: int | None = None,
    fresh: bool = False, concurrency: int = 16, more: Mapping[str, Any] | None = None,
    terms: Terms = TERMS, among: Collection[int] | None = None,
) -> int:  # fmt: skip
    """Plan a run inside the caller's transaction; `more` are further facts that the run keeps.

    Raises `NothingToDo`, and `Refused` when a run of this worker is open.
    """
    worker = past_answers.filled(connection, study, worker)
    capabilities.check(connection, worker)
    _only_one(connection, study, worker)
    planned = planned_for(connection, study, worker, limit, fresh, make=True, among=among)
    if not planned.work:
        raise NothingToDo(nothing(study, worker, planned))
    study_rows.rater(
        connection, study.id, worker.rater, worker.digest, name=worker.name,
        spec={**worker.definition(), "simulated": worker.simulated},
    )  # fmt: skip
    spec = {
        "definition": worker.definition(), "digest": worker.digest, "fresh": fresh,
        "prices": prices.of_worker(worker, terms.lane), **terms.spec(), **(more or {}),
    }  # fmt: skip
    run = runs.add(
        connection, study.id, "work", spec, max(1, min(concurrency, 256)), planned.work,
        account_of(terms),
    )  # fmt: skip
    runs.add_tasks(connection, run, worker.name, planned.tasks)
    study_rows.record(
        connection, study.id, "run", actor,
        {"run": run, "worker": worker.name, "tasks": planned.work, "fresh": fresh},
    )  # fmt: skip
    return run


def check_key(worker: Worker) -> None:
    """Raise `Refused` when the worker or a model of it names a secret that is not set."""
    names = [getattr(worker, "key", ""), *(model.key for model in worker.models().values())]
    missing = sorted({name for name in names if name and not secret(name)})
    if missing:
        raise Refused(
            f"no secret called {' or '.join(missing)} is set: export it in the environment of the "
            "app, or write it into .streamlit/secrets.toml"
        )


def _only_one(connection: Connection, study: Study, worker: Worker) -> None:
    for row in runs.every(connection, study.id):
        if row.state in OPEN and row.worker.get("digest") == worker.digest:
            raise Refused(
                f"run {row.id} of this worker is {row.state}; let it finish or stop it"
                if row.state != "paused" else
                f"run {row.id} of this worker is paused; resume it, and it goes on with the "
                "address and the key that the worker has now; or stop it"
            )  # fmt: skip


def pause(db: Database, who: Identity, run: int) -> None:
    """Let a run rest: what is under way is finished, nothing new begins."""
    _move(db, who, run, ("ready", "running"), "paused", "Paused by hand; resume it at any time.")


def resume(db: Database, who: Identity, run: int) -> None:
    """Let a paused or stopped run go on, where its worker is reached now."""
    _move(db, who, run, ("paused", "stopped"), "ready", "")
    _where_it_is(db, run)
    jobs.announce(db, run)


def _where_it_is(db: Database, run: int) -> None:
    """Give a run the address, key and time-out that its worker has in the study by now.

    These are no part of who the worker is; where anything else was changed it is another one, and
    the run stays as it is. Prices stay those of its start.
    """
    with db.write() as connection:
        row = _row(connection, run)
        spec, study = row.worker, studies.load(db, row.study_key, connection)
        for now_so in study.protocol.workers:
            if now_so.digest == spec["digest"] and now_so.name == spec["definition"]["name"]:
                changed = {**spec, "definition": now_so.definition()}
                runs.change(connection, run, worker=changed)


def stop(db: Database, who: Identity, run: int) -> None:
    """End a run; what it has stored stays, and units are made of the outputs there are."""
    _move(db, who, run, OPEN, "stopped", "Stopped by hand; what it stored stays.")
    with db.write() as connection:
        row = _row(connection, run)
        if load_worker(row.worker["definition"]).writes:
            study = studies.load(db, row.study_key, connection, lock=True)
            material.add_missing_units(connection, study)


def _move(
    db: Database, who: Identity, run: int, states: Sequence[str], state: str, message: str
) -> None:
    require(who, "run")
    over = now() if state == "stopped" else None
    with db.write() as connection:
        row = _row(connection, run)
        moved = runs.change(
            connection, run, only=states, state=state, message=message, finished_at=over
        )
        if not moved and row.state != state:
            raise Refused(f"run {run} is {row.state} and cannot become {state}")


def retry_failed(db: Database, who: Identity, run: int) -> int:
    """Put failed tasks back into the line, and the run to work; returns how many."""
    require(who, "run")
    with db.write() as connection:
        _row(connection, run)
        count = runs.put_back(connection, run)
        if not count:
            raise Refused(f"run {run} has no failed tasks")
        runs.change(connection, run, state="ready", message="", finished_at=None)
    _where_it_is(db, run)
    jobs.announce(db, run)
    return count


def set_concurrency(db: Database, who: Identity, run: int, most: int) -> None:
    """Change how many calls may be under way at once, also while the run works."""
    require(who, "run")
    if not 1 <= most <= 256:
        raise Refused("concurrency goes from 1 to 256")
    with db.write() as connection:
        _row(connection, run)
        runs.change(connection, run, concurrency=most)


def set_budget(db: Database, who: Identity, run: int, budget: Budget) -> None:
    """Change what a run may take, of a chain what all its runs may; `Refused` while it works."""
    require(who, "run")
    with db.write() as connection:
        row = _row(connection, run)
        if row.state in runs.ACTIVE:
            raise Refused(f"run {run} is at work; pause it, then change its budget")
        terms = replace(of_run(row.worker, None), budget=budget)
        terms.check(load_worker(row.worker["definition"]))
        purse = purse_of(row)
        account = accounts.load(connection, purse)
        accounts.store(connection, purse, {**account, "budget": budget.limits()})
        rests = ("paused", "stopped")
        runs.change(connection, run, only=rests, message="The budget was changed; resume.")


def _row(connection: Connection, run: int) -> Any:
    row = runs.by_id(connection, run)
    if row is None:
        raise NoRun(f"there is no run {run}")
    return row


def status(db: Database, who: Identity, run: int) -> Status:
    """How far a run has come; raises `NoRun`."""
    require(who, "run")
    with db.read() as connection:
        return progress(connection, _row(connection, run))


def listing(db: Database, who: Identity, key: str) -> list[Status]:
    """The runs of a study, newest first."""
    require(who, "run")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        rows = runs.every(connection, study.id)
        return [progress(connection, row, study.key) for row in rows]
