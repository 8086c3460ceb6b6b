"""A run against an OpenAI-compatible server that is not ours: litellm's proxy with mock replies.

    python -m tests.interop.litellm_proxy [--port 8712]

The proxy lives in an environment of its own, made in a cache folder (`CONCORD_CACHE`) on the first
call, over the network. Ends with 0 when every judgment is what the proxy replied.
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from sqlalchemy import select

from core.services import capabilities, runner, runs
from storage.database import Database
from storage.migrate import upgrade
from storage.tables import Judgment
from tests import environments
from tests.services.pairs import OWNER, judge, pairs, prefers

J = Judgment.__table__
KEY = "sk-interop-test"


def config(folder):
    """The proxy's configuration: one model whose replies are given, and a key."""
    model = {"model": "openai/mock", "api_key": "none", "mock_response": json.dumps(prefers("A"))}
    path = folder / "config.json"
    path.write_text(json.dumps({
        "model_list": [{"model_name": "m", "litellm_params": model}],
        "general_settings": {"master_key": KEY},
    }), "utf-8")  # fmt: skip
    return path


def ready(port, process):
    """Wait until the proxy answers."""
    until = time.monotonic() + 180
    while time.monotonic() < until and process.poll() is None:
        try:
            urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=2).read()  # noqa: S310
            return
        except (URLError, OSError):
            time.sleep(1)
    raise SystemExit("litellm's proxy did not start")


def check(folder, port):
    """A run of twelve tasks, and a probe."""
    db = Database(str(folder / "interop.db"))
    upgrade(db)
    pairs(db)
    made = judge(f"http://127.0.0.1:{port}/v1", key="INTEROP_KEY")
    run = runs.start(db, OWNER, "pairs", made)
    asyncio.run(runner.execute(db, run))
    status = runs.status(db, OWNER, run)
    with db.read() as connection:
        values = connection.execute(select(J.c.repeat, J.c.value)).all()
    assert (status.state, status.done, status.failed) == ("done", 12, 0), status
    assert {tuple(row) for row in values} == {(0, '{"winner":"a"}'), (1, '{"winner":"b"}')}
    assert status.prompt_tokens > 0
    [probed] = capabilities.probe(db, OWNER, made)
    for one in probed.found:
        print(f"  {'yes' if one.offered else 'no ':3} {one.name}: {one.note[:90]}")
    db.close()
    print(f"litellm's proxy: {status.done} judgments, {status.calls} calls, none failed")


def main():
    """Start the proxy, run against it, stop it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8712)
    port = parser.parse_args().port
    os.environ["INTEROP_KEY"] = KEY
    proxy = environments.python("litellm", "litellm[proxy]").parent / "litellm"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        process = subprocess.Popen(
            [proxy, "--config", config(folder), "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            ready(port, process)
            check(folder, port)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
