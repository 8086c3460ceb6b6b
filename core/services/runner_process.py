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
APART = 8.0
PATIENCE = 20.0
_started: dict[str, tuple[float, "subprocess.Popen[bytes]"]] = {}
_waits: dict[str, float] = {}
_turn = threading.Lock()


def ensure(db: Database) -> int | None:
    """Start a runner when a run has work and no runner is alive; returns its process id.

    None when there is nothing to do, when a runner is at work or was started a moment ago, or when
    the settings say that runners are started by hand. One that was started here and lives, at its
    beginning or without work, is left the time to begin; where it does not, it is not counted on.
    """
    with _turn:
        if by_hand() or not wanted(db):
            _waits.pop(db.url, None)
            return None
        moment = time.monotonic()
        waited = moment - _waits.setdefault(db.url, moment)
        begun, process = _started.get(db.url, (-PATIENCE, None))
        lives = process is not None and process.poll() is None
        if moment - begun < APART or (lives and waited < PATIENCE):
            return None
        process = _start(db)
        _started[db.url] = (moment, process)
        _waits.pop(db.url, None)
        return process.pid


def by_hand() -> bool:
    """Whether the settings say that runners are started by hand, with `concord work`."""
    return not settings().runner


def wanted(db: Database) -> bool:
    """Whether some run has work and no runner has shown itself for six seconds."""
    with db.read() as connection:
        rows = runs.active(connection)
    return any(now() - row.heartbeat > ALIVE for row in rows)


def _start(db: Database) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "DATABASE_URL": db.url, "PYTHONPATH": str(ROOT)}
    started = subprocess.Popen(
        [sys.executable, "-m", "core.cli", "work", "--idle", "20"],
        cwd=ROOT, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    threading.Thread(target=started.wait, daemon=True).start()
    return started
