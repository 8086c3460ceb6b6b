"""The command, on an empty database and on one that holds the demo study."""

import pytest

from tests.cli.run_concord import Concord


@pytest.fixture
def concord(database_url, tmp_path):
    """The command over a fresh database."""
    return Concord(database_url, tmp_path)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The command over a database with the demo study in it."""
    folder = tmp_path_factory.mktemp("demo")
    command = Concord(f"sqlite:///{folder / 'concord.db'}", folder)
    command.loaded = command.json("demo")
    return command
