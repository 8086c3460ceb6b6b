"""How the server's memory grows while people answer.

`python -m tests.benchmarks.memory [--answers 20000] [--sessions 200]`

Answers are spread over browser sessions that come and go; prints the server's resident memory ten
times on the way. Streamlit's own collection after every run is off, so growth without end would
show here.
"""

import argparse
import tempfile
from pathlib import Path

import psutil

from core.services.store import open_store
from tests.benchmarks.annotate import build
from tests.servers.app_server import AppServer
from tests.servers.socket_person import SocketPerson


def main() -> None:
    """Build, answer, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=20_000)
    parser.add_argument("--sessions", type=int, default=200)
    options = parser.parse_args()
    each = options.answers // options.sessions
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        db = open_store(url)
        build(db, "pairs", each + 10, 0)
        with AppServer(url, Path(folder) / "log") as server:
            assert server.process is not None
            process = psutil.Process(server.process.pid)
            for number in range(options.sessions):
                query = f"study=pairs&who=person{number}&lane=native"
                with SocketPerson(server.port, "annotate", query) as person:
                    for _ in range(each):
                        person.press(person.button("A is better"))
                if (number + 1) % max(options.sessions // 10, 1) == 0:
                    megabytes = process.memory_info().rss / 2**20
                    print(f"{(number + 1) * each:7,} answers  {megabytes:6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
