"""What every test may use: `db`, on SQLite and on PostgreSQL in turn."""

import os
import shutil

import hypothesis
import pytest

from storage.database import Database
from storage.migrate import upgrade
from tests.servers.postgres_server import NoServer, PostgresServer

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
CI = os.environ.get("CI", "").lower() == "true"
NIGHTLY = os.environ.get("CONCORD_NIGHTLY") == "1"

# The same examples every time; new ones at night.
hypothesis.settings.register_profile("concord", derandomize=not NIGHTLY)
hypothesis.settings.load_profile("concord")


def missing(reason):
    """Skip a test for something that this machine lacks; under CI=true that is a failure."""
    if CI:
        pytest.fail(f"CI lacks something the tests need: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def nightly():
    """Whether the long versions of the checks are asked for."""
    return NIGHTLY


def migrated(url):
    """Bring a fresh database to the newest schema."""
    db = Database(url)
    upgrade(db)
    db.close()
    return url


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server; skips, or fails under CI=true, where there is none."""
    server = PostgresServer()
    try:
        server.start()
    except NoServer as error:
        server = str(error)
    yield server
    if isinstance(server, PostgresServer):
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("template") / "concord.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres):
    """A migrated PostgreSQL database to copy from; None where there is no server."""
    if isinstance(postgres, str):
        return None
    return migrated(postgres.database())


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path):
    """The URL of a fresh, migrated SQLite file."""
    path = tmp_path / "concord.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres, postgres_template):
    """The URL of a fresh, migrated PostgreSQL database."""
    if isinstance(postgres, str):
        missing(postgres)
    url = postgres.database(postgres_template)
    yield url
    postgres.give_back(url, postgres_template)


@pytest.fixture(params=ENGINES)
def database_url(request):
    """The URL of a fresh, migrated database, on each engine in turn."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return request.getfixturevalue(name)


@pytest.fixture
def db(database_url):
    """A fresh, migrated database, on each engine in turn."""
    found = Database(database_url)
    yield found
    found.close()


def pytest_collection_modifyitems(items):
    """Browser tests last: Playwright's event loop stays in the main thread until the end."""
    items.sort(key=lambda item: "/browser/" in str(item.path))


def pytest_terminal_summary(terminalreporter):
    """Say loudly what this machine could not test."""
    reasons = {str(r.longrepr[2]) for r in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(reasons):
        terminalreporter.write_line(f"NOT TESTED HERE: {reason}", yellow=True)
