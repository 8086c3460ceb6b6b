"""A log to write to, on each engine."""

import pytest

from tests.storage.written_log import written


@pytest.fixture
def log(db):
    """An empty log of a study with ten units."""
    return written(db)
