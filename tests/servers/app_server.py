"""The real app in a process of its own, on a free port of the loopback interface."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class AppServer:
    """`streamlit run app.py` over a database; starts in `start`, ends in `stop` or `kill`."""

    def __init__(self, database_url: str, log: Path, **environment: str) -> None:
        self.database_url = database_url
        self.log = log
        self.environment = environment
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the app."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, wait: float = 60) -> "AppServer":
        """Start and wait until the health check answers; raises TimeoutError with the log."""
        self.port = free_port()
        command = [
            sys.executable, "-m", "streamlit", "run", "app.py",
            f"--server.port={self.port}", "--server.address=127.0.0.1", "--server.headless=true",
        ]  # fmt: skip
        environment = {
            **os.environ, "DATABASE_URL": self.database_url, "CONCORD_RUNNER": "false",
            "PYTHONPATH": str(ROOT), **self.environment,
        }  # fmt: skip
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + wait
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return self
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"the app did not start:\n{self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """End the app as a power cut would."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End the app politely."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def __enter__(self) -> "AppServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
