"""The frame: settings of the server, navigation, and that our style touches no user text."""

import re
import tomllib

from streamlit import config

from core.settings import ROOT
from tests.pages.conftest import words

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())


def test_collection_after_each_run_is_off_and_the_option_still_exists():
    assert "runner.postScriptGC" in config._config_options_template
    assert CONFIG["runner"]["postScriptGC"] is False


def test_every_setting_is_one_that_streamlit_knows():
    known = set(config._config_options_template)
    for section in ("runner", "server", "client", "browser"):
        assert {f"{section}.{name}" for name in CONFIG[section]} <= known


def test_the_server_is_closed_to_strangers():
    server = CONFIG["server"]
    assert server["enableCORS"] and server["enableXsrfProtection"]
    assert server["address"] == "127.0.0.1" and server["allowedHosts"]
    assert CONFIG["client"] == {"toolbarMode": "viewer", "showErrorDetails": "none"}
    assert CONFIG["browser"]["gatherUsageStats"] is False


def test_fonts_lie_here_with_their_licences():
    static = ROOT / "pages" / "static"
    faces = (ROOT / "pages" / "widgets" / "fonts.css").read_text("utf-8")
    named = re.findall(r'url\("app/static/([^"]+)"\)', faces)
    assert len(named) == faces.count("@font-face") >= 2
    for name in named:
        assert (static / name).read_bytes()[:4] == b"wOF2"
    for family in (CONFIG["theme"]["font"], CONFIG["theme"]["headingFont"]):
        assert f'font-family: "{family.split(",")[0]}"' in faces
    assert "fontFaces" not in CONFIG["theme"]
    for licence in static.glob("fonts/OFL-*.txt"):
        assert "SIL Open Font License, Version 1.1" in licence.read_text()


def test_style_reaches_elements_by_key_or_test_id_only():
    for path in (ROOT / "pages" / "widgets").glob("*.css"):
        assert "emotion" not in path.read_text(), path


def test_who_is_asked_on_every_page_that_writes(small, opened):
    for name in ("annotate", "studies"):
        page = opened(name)
        assert "Who is judging?" in words(page) and not page.title


def test_person_and_study_go_with_the_person(small, opened):
    page = opened("home", who="ana")
    page.switch_page("studies.py").run()
    assert page.query_params["who"] == "ana" and page.query_params["study"] == "small"
    page.button(key="who-leave").click().run()
    assert "who" not in page.query_params and "Who is judging?" in words(page)
