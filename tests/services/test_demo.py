"""The demo study: sixty texts of really different quality, and raters that show something."""

import json
from collections import Counter

import pytest

from core.cli import main
from core.content.base import contents
from core.protocol import from_yaml
from core.services import analysis, cases, demo, material, runs, studies
from core.services.access import Identity
from core.settings import ROOT
from storage import judgments
from storage.database import Database
from storage.studies import R

ANA = Identity("ana")
LEVEL = {"wrong": 0, "partly correct": 1, "partly right": 1, "correct": 2, "right": 2}


@pytest.fixture(scope="module")
def loaded(sqlite_template, tmp_path_factory):
    """A database in which the demo study has been loaded once."""
    path = tmp_path_factory.mktemp("demo") / "concord.db"
    path.write_bytes(sqlite_template.read_bytes())
    db = Database(f"sqlite:///{path}")
    demo.load(db)
    yield db
    db.close()


def units(db):
    study = studies.load(db, "demo")
    with db.read() as connection:
        return list(material.all_units(connection, study))


def verdicts(db, rater, question):
    """(what the rater said, the key) for each unit of a question."""
    study = studies.load(db, "demo")
    wording = study.wording(study.protocol.question(question))
    by_id = dict(units(db))
    with db.read() as connection:
        rows = connection.execute(
            judgments.J.select()
            .join(R, R.c.id == judgments.J.c.rater)
            .where(R.c.name == rater, judgments.J.c.question == wording)
        ).all()
    return [(judgments.parse(r.value), by_id[r.unit].gold[question]) for r in rows]


def right(pairs):
    return sum(said == key for said, key in pairs) / len(pairs)


def test_the_items_are_sixty_in_three_tasks():
    rows = list(demo.rows())
    assert Counter(r["meta"]["task"] for r in rows) == {"pairs": 24, "facts": 18, "critiques": 18}
    assert len({r["key"] for r in rows}) == 60
    assert {r["meta"]["source"] for r in rows} == {"written for the Concord demo"}


@pytest.mark.parametrize("row", list(demo.rows()), ids=lambda row: row["key"])
def test_every_item_is_whole(row):
    plan = demo.protocol()
    texts = [contents[plan.fields[name]].parse(raw).text() for name, raw in row["fields"].items()]
    outputs = [o["content"] for o in row["outputs"]]
    assert len(outputs) == len(set(outputs)) == 2
    assert all(2 <= len(text.split()) <= 130 for text in outputs if not text.startswith("`")), row
    assert all(0 < len(text) <= 600 for text in texts)
    assert {o["source"] for o in row["outputs"]} <= {"draft 1", "draft 2", "critic 1", "critic 2"}


def test_tasks_have_their_own_questions_and_units(loaded):
    asked = Counter((u.meta["task"], len(u.outputs), *(q.name for q in u.questions))
                    for _, u in units(loaded))  # fmt: skip
    assert asked == {
        ("pairs", 2, "preference", "reason"): 24,
        ("facts", 1, "correctness", "quality"): 36,
        ("critiques", 1, "soundness", "helpfulness"): 36,
    }
    roles = {(u.meta["task"], o.role) for _, u in units(loaded) for o in u.outputs}
    assert roles == {("pairs", "answer"), ("facts", "answer"), ("critiques", "critique")}


def test_the_key_is_valid_for_every_question_that_can_be_compared(loaded):
    for _, unit in units(loaded):
        for question in unit.questions:
            if question.scale().level == "none":
                assert question.name not in unit.gold
            else:
                key = unit.gold[question.name]
                assert question.check(key, unit) == key


def test_label_and_rating_of_the_key_agree(loaded):
    for _, unit in units(loaded):
        gold = unit.gold
        label = gold.get("correctness", gold.get("soundness"))
        if label:
            rating = gold.get("quality", gold.get("helpfulness"))
            assert rating in ({0: (1, 2), 1: (2, 3), 2: (4, 5)}[LEVEL[label]]), unit.key


def test_quality_differs_and_neither_place_is_favoured():
    rows = list(demo.rows())
    winners = Counter(
        r["gold"]["preference"]["winner"] for r in rows if r["meta"]["task"] == "pairs"
    )
    assert 8 <= winners["draft-1"] <= 13
    assert 8 <= winners["draft-2"] <= 13
    for row in rows:
        if row["meta"]["task"] != "pairs":
            rated = [v for v in row["gold"].values() if isinstance(v, int)]
            assert rated[0] != rated[1], row["key"]


def test_the_longer_answer_is_a_poor_guide(loaded):
    found = verdicts(loaded, "Longer answer wins", "preference")
    assert len(found) == 24
    assert 0.2 < right(found) < 0.6


def test_likeness_to_the_reference_beats_chance(loaded):
    found = verdicts(loaded, "Likeness to reference", "correctness")
    assert len(found) == 36
    commonest = max(Counter(key for _, key in found).values()) / 36
    assert commonest < right(found) < 0.95


def test_the_checklist_beats_chance_and_errs(loaded):
    found = verdicts(loaded, "Checklist for critiques", "soundness")
    assert 0.5 < right(found) < 0.95


@pytest.mark.parametrize(
    ("rater", "question"),
    [
        ("Longer answer wins", "preference"),
        ("Likeness to reference", "correctness"),
        ("Checklist for critiques", "soundness"),
    ],
)
def test_the_documented_figures_are_those_of_the_study(loaded, rater, question):
    found = verdicts(loaded, rater, question)
    hits = sum(said == key for said, key in found)
    page = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {rater}")]
    assert f"{hits} of {len(found)} " in line


@pytest.mark.parametrize("question", ["preference", "correctness", "soundness", "quality"])
def test_every_rater_is_held_against_the_key(loaded, question):
    """Also where the key names one output of an item."""
    found = analysis.agreement(loaded, Identity("eva"), "demo", question)
    for row in found.raters:
        pairs = verdicts(loaded, row.name.removesuffix(" (rule)"), question)
        right = row.statistics["gold_accuracy"]
        assert right.n == len(pairs) > 0
        assert right.value == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))


def test_simulated_raters_differ_and_say_what_they_are(loaded):
    shares = [
        right([pair for q in ("preference", "correctness", "quality", "soundness", "helpfulness")
               for pair in verdicts(loaded, f"Simulated rater {n}", q)])
        for n in (1, 2, 3)
    ]  # fmt: skip
    assert 1 > shares[0] > shares[1] > shares[2] > 0.6
    with loaded.read() as connection:
        raters = connection.execute(R.select()).all()
    assert {r.kind for r in raters} == {"rule"}
    assert {r.name for r in raters if r.spec["simulated"]} == {
        f"Simulated rater {n}" for n in (1, 2, 3)
    }


def test_there_is_something_to_review_at_once(loaded):
    for question in ("preference", "correctness", "helpfulness"):
        assert len(cases.queue(loaded, ANA, "demo", question, "all").cases) > 5


def test_loading_again_adds_nothing(loaded):
    with loaded.read() as connection:
        before = connection.execute(judgments.J.select()).all()
    again = demo.load(loaded)
    assert (again.items, again.units, again.judgments, again.added) == (60, 96, 672, 0)
    with loaded.read() as connection:
        assert connection.execute(judgments.J.select()).all() == before
        assert all(isinstance(s, int) for s in judgments.verify(connection, 1))


def test_the_study_is_open_and_says_what_it_is(loaded):
    study = studies.load(loaded, "demo")
    assert study.state == "open"
    assert "demo texts" in study.protocol.description
    assert from_yaml(study.protocol.to_yaml()) == study.protocol


def test_an_interrupted_loading_is_finished(db):
    studies.create(db, ANA, demo.protocol())
    first = demo.load(db)
    assert (first.items, first.judgments) == (60, 672)


def test_an_interrupted_rater_goes_on(db, monkeypatch):
    monkeypatch.setattr(demo, "_judge", lambda *_: None)
    assert demo.load(db).judgments == 0
    monkeypatch.undo()
    study = studies.load(db, "demo")
    runs.start(db, ANA, "demo", study.protocol.workers[0])
    assert demo.load(db).added == 672


def test_what_people_did_to_the_study_is_left_alone(db):
    demo.load(db)
    studies.set_state(db, ANA, "demo", "paused")
    demo.load(db)
    assert studies.load(db, "demo").state == "paused"


def test_another_study_of_that_name_is_left_alone(db):
    plan = demo.protocol().model_copy(update={"title": "Mine", "workers": ()})
    studies.create(db, ANA, plan)
    assert demo.load(db).items == 0
    assert studies.load(db, "demo").state == "draft"


def test_the_command_line_loads_it(sqlite_url, monkeypatch):
    from click.testing import CliRunner

    from core.settings import settings

    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    settings.cache_clear()
    try:
        result = CliRunner().invoke(main, ["demo", "--json"])
    finally:
        settings.cache_clear()
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "study": "demo", "items": 60, "units": 96, "judgments": 672, "added": 672,
    }  # fmt: skip
