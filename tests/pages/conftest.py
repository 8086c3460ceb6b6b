"""A page run without a browser, on a small study."""

import pytest
from streamlit.testing.v1 import AppTest

from core.services import studies
from core.settings import settings
from storage.database import Database
from tests.services.conftest import ANA, PROTOCOL, fill


@pytest.fixture
def workspace(sqlite_url, monkeypatch):
    """A database of its own, which the pages use."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CONCORD_RUNNER", "false")
    settings.cache_clear()
    found = Database(sqlite_url)
    yield found
    found.close()
    settings.cache_clear()


@pytest.fixture
def small(workspace):
    """An open study of six pairs, in the workspace."""
    from core.protocol import from_yaml

    made = studies.create(workspace, ANA, from_yaml(PROTOCOL))
    fill(workspace, made)
    return studies.set_state(workspace, ANA, made.key, "open")


@pytest.fixture
def opened(workspace):
    """Opens a page of the app: `opened("studies", who="ana", study="small")`."""

    def run(name, **query):
        page = AppTest.from_file("../../pages/main.py", default_timeout=60)
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        if name != "home":
            page.switch_page(f"{name}.py").run()
        assert not page.exception, [e.value for e in page.exception]
        return page

    return run


def words(page):
    """Everything that a page says, as one text."""
    parts = (page.title, page.markdown, page.caption, page.error, page.success, page.info)
    said = "\n".join(element.value for part in parts for element in part)
    return said.replace("\\", "").replace("\u200b", "")
