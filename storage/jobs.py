"""Jobs on PostgreSQL: "run R has work", carried to runners on any number of machines.

procrastinate keeps them in a schema of its own, which holds nothing else and may be dropped at any
time. What is to be done, and by whom, is decided by the leases of tasks alone.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from sqlalchemy import Connection, text

from storage.database import Database

SCHEMA, QUEUE, TASK = "procrastinate", "concord", "concord.work"
LOCK = 7_261_904  # any number that no one else locks by
THERE = text(f"SELECT to_regclass('{SCHEMA}.procrastinate_jobs') IS NOT NULL")


def possible(db: Database) -> bool:
    """Whether jobs can be carried here: on PostgreSQL, with procrastinate installed."""
    return not db.sqlite and find_spec("procrastinate") is not None


def prepare(db: Database) -> None:
    """Make procrastinate's schema where it is missing; raises the database's error."""
    from procrastinate.schema import SchemaManager

    with db.write() as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        if _there(connection):
            return
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
        connection.connection.cursor().execute(SchemaManager.get_schema())


def _there(connection: Connection) -> bool:
    return bool(connection.execute(THERE).scalar_one())


def _place(db: Database) -> dict[str, Any]:
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        "conninfo": url, "min_size": 1, "max_size": 4,
        "kwargs": {"options": f"-c search_path={SCHEMA}"},
    }  # fmt: skip


def announce(db: Database, run: int) -> bool:
    """Tell one waiting runner that a run has work; False where nobody has ever waited for jobs.

    While a job about the run is waiting already, another one is not added.
    """
    if not possible(db):
        return False
    with db.read() as connection:
        if not _there(connection):
            return False
    from procrastinate import App, SyncPsycopgConnector
    from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

    app = App(connector=SyncPsycopgConnector(**_place(db)))
    job = app.configure_task(TASK, queue=QUEUE, queueing_lock=f"run-{run}", allow_unknown=True)
    try:
        with app.open():
            job.defer(run=run)
    except AlreadyEnqueued:
        return True
    except ConnectorException:
        return False
    return True


async def listen(db: Database, heard: Callable[[int], None]) -> None:
    """Call `heard(run)` for every job that this runner is given, until cancelled."""
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(**_place(db)))

    async def work(run: int) -> None:
        heard(run)

    app.task(name=TASK, queue=QUEUE)(work)
    async with app.open_async():
        await app.run_worker_async(
            queues=[QUEUE], install_signal_handlers=False, delete_jobs="always",
            shutdown_graceful_timeout=1.0,
        )  # fmt: skip
