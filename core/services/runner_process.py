"""Starting a runner: the one service that starts a process."""

import os
import subprocess
import sys
import threading
import time

from core.settings import ROOT, settings
from storage import runs
from storage.database import Database, now

ALIVE = 6_000_000
PATIENCE = 8.0
_started: dict[str, float] = {}
_turn = threading.Lock()


def ensure(db: Database) -> int | None:
    """Start a runner when a run has work and no runner is alive; returns its process id.

    None when there is nothing to do, when a runner is at work or was started a moment ago, or when
    the settings say that runners are started by hand.
    """
    with _turn:
        if not settings().runner or not wanted(db):
            return None
        if time.monotonic() - _started.get(db.url, -PATIENCE) < PATIENCE:
            return None
        _started[db.url] = time.monotonic()
        return _start(db)


def wanted(db: Database) -> bool:
    """Whether some run has work and no runner has shown itself for six seconds."""
    with db.read() as connection:
        rows = runs.active(connection)
    return any(now() - row.heartbeat > ALIVE for row in rows)


def _start(db: Database) -> int:
    environment = {**os.environ, "DATABASE_URL": db.url, "PYTHONPATH": str(ROOT)}
    started = subprocess.Popen(
        [sys.executable, "-m", "core.cli", "work", "--idle", "20"],
        cwd=ROOT, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    threading.Thread(target=started.wait, daemon=True).start()
    return started.pid
