"""The Agreement page: what it says, follows, filters and hands out."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.protocol import from_data, from_yaml
from core.services import studies
from core.settings import settings
from tests.servers.openai_server import OpenAIServer
from tests.services import plans
from tests.services.answers import answer
from tests.services.chains import study, work_all
from tests.services.conftest import fill
from tests.services.test_chain import RIGHT, played, workers
from tests.written_study import DATA, OWNER, Pen, pandalm, ratings_study

PAGE = Path(__file__).resolve().parents[2] / "pages" / "agreement.py"
FREE_TEXT = """
name: words
title: Words only
questions:
  - {kind: text, name: why, title: Why}
"""


@pytest.fixture
def open_page(sqlite_url, monkeypatch):
    """A function that opens the page on a study of a fresh database; also that database."""
    from storage.database import Database

    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    settings.cache_clear()
    found = Database(sqlite_url)

    def open_study(key, **query):
        page = AppTest.from_file(PAGE, default_timeout=30)
        page.query_params["who"] = "ana"
        page.query_params["study"] = key
        for name, value in query.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    yield found, open_study
    found.close()
    settings.cache_clear()


def words(page):
    """Everything that the page says in markdown, captions and tables."""
    said = [m.value for m in page.markdown] + [c.value for c in page.caption]
    for table in page.table:
        said += [str(x) for x in [*table.value.index, *table.value.columns,
                                  *table.value.to_numpy().ravel()]]  # fmt: skip
    return re.sub(r"\\([^\w\s])", r"\1", "\n".join(said)).replace("\u00a0", " ")


def test_a_new_study_says_what_to_do(open_page):
    db, open_study = open_page
    ratings_study(db, "marks", 5)
    said = words(open_study("marks"))
    assert "Nobody has judged yet" in said and "5 units" in said


def test_free_text_has_nothing_to_compare(open_page):
    db, open_study = open_page
    studies.create(db, OWNER, from_yaml(FREE_TEXT))
    assert "Nothing to compare" in words(open_study("words"))


def test_undefined_is_explained_and_new_answers_arrive(open_page):
    db, open_study = open_page
    pen = Pen(db, ratings_study(db, "marks", 30))
    pen.write([(f"i{n:06}", "person", "ana", 2, 0) for n in range(30)])
    pen.write([(f"i{n:06}", "model", "<b>judge</b>", 2, 0) for n in range(30)])
    page = open_study("marks")
    said = words(page)
    assert "undefined: no variation" in said and "nan" not in said.lower()
    assert "100.00 %" in said and "n = 30" in said
    pen.write([(f"i{n:06}", "person", "ben", n % 5, 0) for n in range(30)])
    page.run()
    assert not page.exception
    assert "ana / ben" in words(page)


def test_one_rater_alone(open_page):
    db, open_study = open_page
    pen = Pen(db, ratings_study(db, "marks", 3))
    pen.write([("i000000", "person", "ana", 1, 0)])
    page = open_study("marks")
    assert "needs at least one unit judged by two raters" in words(page)
    assert "One more rater is needed: two are held against each other" in words(page)
    assert not page.get("plotly_chart"), "no matrix of zeros"
    pen.write([("i000001", "person", "ben", 1, 0)])
    page = open_study("marks")
    assert "No unit has an answer of both majority of people and ben" in words(page)
    assert not [b for b in page.get("download_button") if b.key == "csv-confusion"]


def test_filters_come_from_the_address(open_page):
    db, open_study = open_page
    pen = Pen(db, ratings_study(db, "marks", 40))
    for name in ("ana", "ben"):
        pen.write([(f"i{n:06}", "person", name, n % 5, 0) for n in range(40)])
    page = open_study("marks", measure="cohen_quadratic", fact_half="first")
    said = words(page)
    assert "Cohen's kappa, quadratic weights" in said and "n = 20" in said
    assert "Cohen's kappa, quadratic weights" not in words(open_study("marks"))


def test_pandalm_shows_the_published_figures(open_page):
    if not (DATA / "pandalm").is_dir():
        pytest.skip("../shared/data is absent")
    db, open_study = open_page
    pandalm(db)
    said = words(open_study("pandalm"))
    for figure in ("0.8520", "0.8789", "0.8617", "71.07 %", "66.77 %", "57.55 %", "57.43 %"):
        assert figure in said, figure
    assert "1st better 422, 2nd better 472, tie 105" in said
    assert "n = 999 (100.0%)" in said


def test_before_and_after_revising(open_page):
    db, open_study = open_page
    with OpenAIServer(played) as server:
        study(db, workers(server.url), count=2, questions=RIGHT, units="each",
              judged=["answer", "revision"])  # fmt: skip
        work_all(db)
    page = open_study("made")
    said = words(page)
    assert "Before and after revising" in said and "2 units show alone" in said
    moves = next(t.value for t in page.table if "Mended" in t.value)
    assert list(moves["Not correct, then correct"]) == ["1 (.50)"]
    page.multiselect(key="revisions-correct-made-right").set_value(["incorrect"]).run()
    moves = next(t.value for t in page.table if "Mended" in t.value)
    assert list(moves["Correct, then not"]) == ["1 (.50)"]


def test_whole_answers_show_under_a_part_of_them(open_page):
    db, open_study = open_page
    asked = [{"kind": "multilabel", "name": "faults", "title": "Faults", "labels": ["a", "b"]}]
    made = studies.create(db, OWNER, from_data({"name": "sets", "title": "S", "questions": asked}))
    fill(db, made)
    for name, value in (("ana", ["a"]), ("ben", ["a", "b"])):
        answer(db, made, "faults", "person", name, {"item-0": value, "item-1": ["b"]})
    said = words(open_study("sets"))
    assert "Whole answers" in said and "expected over all pairs of 3 different values" in said


def test_what_was_put_at_each_part_is_shown_beside_which_were_changed(open_page):
    db, open_study = open_page
    made = plans.made(db, OWNER)
    plans.said(db, made, "ana", plans.fixed(r1_cost=20), plans.fixed())
    plans.said(db, made, "ben", plans.fixed(r1_cost=21), plans.fixed())
    for query in ({}, {"question": "record.cell"}):
        page = open_study("small", **query)
        said = words(page)
        assert (
            "What was put at each part" in said
            and "Left as they were by everybody: 3 more." in said
        )
        assert "87.5 %, n = 8 (50.0%)" in said  # seven of eight parts
        parts = next(t.value for t in page.table if "Changed by" in t.value)
        assert list(parts.index) == ["1 cost"]
        assert parts.loc["1 cost", "Changed by"] == "2 of 4 answers"
        assert parts.loc["1 cost", "People alike"].startswith("50.0 %")
        pairs = next(t.value for t in page.table if "Changes alike" in t.value)
        assert pairs.loc["ana / ben", "Changes alike"].startswith("0.0 %")
    assert "What was put" not in words(open_study("small", question="links"))


def test_what_people_say_of_themselves_is_counted_over_people(open_page):
    from core.services import answering, assignment

    db, open_study = open_page
    asked = [{"kind": "rating", "name": "mark", "title": "Mark"},
             {"kind": "label", "name": "years", "title": "Years", "labels": ["few", "many"],
              "about": "participant"}]  # fmt: skip
    made = studies.create(db, OWNER, from_data({
        "name": "people", "title": "P", "questions": asked, "questionnaire": {"before": ["years"]},
    }))  # fmt: skip
    fill(db, made)
    studies.set_state(db, OWNER, "people", "open")
    held = assignment.current(db, OWNER, "people")
    answering.submit(db, OWNER, held, {"years": "many"}, 2.0)
    said = words(open_study("people", question="years"))
    assert "Asked once of each person" in said and "100.0 % [20.7, 100.0], n = 1" in said
    assert "Nobody has judged yet" in words(open_study("people"))
