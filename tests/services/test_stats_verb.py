"""`concord stats` prints the numbers of the page."""

import json

import pytest
from click.testing import CliRunner

from core.cli import main
from core.protocol import from_data
from core.services import analysis, studies
from core.settings import settings
from storage.database import Database
from tests.services import plans
from tests.services.answers import answer
from tests.services.conftest import fill
from tests.written_study import OWNER, Pen, ratings_study


@pytest.fixture
def run(sqlite_url, monkeypatch):
    """A function that runs the verb on a study of two people and a rule."""
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    settings.cache_clear()
    db = Database(sqlite_url)
    pen = Pen(db, ratings_study(db, "marks", 40))
    for name, step in (("ana", 5), ("ben", 4)):
        pen.write([(f"i{n:06}", "person", name, n % step, 0) for n in range(40)])
    pen.write([(f"i{n:06}", "rule", "length", 0, 0) for n in range(40)])
    yield db, lambda *words: CliRunner().invoke(main, ["stats", "--study", *words])
    db.close()
    settings.cache_clear()


def test_json_says_what_the_page_says(run):
    db, verb = run
    result = verb("marks", "--measure", "cohen_quadratic", "--where", "half=first", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["questions"][0]
    page = analysis.agreement(
        db, OWNER, "marks", measure="cohen_quadratic", where={"half": ["first"]}
    )
    assert found["units"] == page.units == 20
    assert found["pairs"][0]["cohen_quadratic"] == page.pairs[0].measure.value
    assert {r["rater"] for r in found["raters"]} == {"ana", "ben", "length (rule)"}


def test_text_has_n_and_coverage_and_reasons(run):
    _, verb = run
    result = verb("marks")
    assert result.exit_code == 0, result.output
    assert "n = 40, coverage 100.0%" in result.output
    assert "Krippendorff's alpha, people" in result.output
    assert "nan" not in result.output.lower()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing"], 3, "no study is called"),
        (["marks", "--question", "nothing"], 3, "quality"),
        (["marks", "--measure", "nothing"], 3, "cohen_linear"),
        (["marks", "--where", "half"], 2, "FACT=VALUE"),
    ],
)
def test_mistakes_are_explained(run, words, code, said):
    _, verb = run
    result = verb(*words)
    assert result.exit_code == code and said in result.output


def test_whole_answers_stand_by_themselves(run):
    db, verb = run
    asked = [{"kind": "multilabel", "name": "faults", "title": "Faults", "labels": ["a", "b"]}]
    made = studies.create(db, OWNER, from_data({"name": "sets", "title": "S", "questions": asked}))
    fill(db, made)
    for name, value in (("ana", ["a"]), ("ben", ["a", "b"])):
        answer(db, made, "faults", "person", name, {"item-0": value, "item-1": ["b"]})
    result = verb("sets", "--question", "faults", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["questions"] == []
    people = next(r for r in found["whole_answers"] if r["group"] == "people")
    assert people["statistic"] == "alpha_distance" and people["value_n"] == 2
    assert 0 < people["value"] < 1 and "by the question's distance" in people["method"]
    assert "Krippendorff's alpha by distance, people: 0." in verb("sets").output


def test_what_was_put_at_each_part_is_said(run):
    db, verb = run
    made = plans.made(db, OWNER)
    plans.said(db, made, "ana", plans.fixed(r1_cost=20))
    plans.said(db, made, "ben", plans.fixed(r1_cost=21))
    result = verb("small", "--question", "record.cell")
    assert result.exit_code == 0, result.output
    assert "Parts left alike, people: 0.7500, n = 4, coverage 25.0%" in result.output
    found = json.loads(verb("small", "--json").stdout)["parts"]
    (cost,) = [r for r in found if r.get("part") == "1/cost" and r["group"] == "people"]
    assert (cost["value"], cost["value_n"], cost["changed"]) == (0.0, 1, 2)
