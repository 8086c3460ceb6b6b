"""`concord` as a person runs it: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Concord:
    """The command over one database."""

    def __init__(self, url, folder):
        self.url, self.folder = url, folder

    def __call__(self, *arguments, code=0):
        """Run a verb and return what it printed; fails unless it ends with `code`."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "core.cli", *map(str, arguments)],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=120,
            env={**os.environ, "DATABASE_URL": self.url, "PYTHONPATH": str(ROOT),
                 "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        self.error = done.stderr
        return done.stdout

    def json(self, *arguments, code=0):
        """The JSON object that a verb prints."""
        return json.loads(self(*arguments, "--json", code=code))
