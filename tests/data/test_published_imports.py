"""Published data comes in through mappings alone, and its published numbers come out."""

import json
from collections import Counter
from pathlib import Path

import pytest

from core.imports.base import File
from core.imports.mapping import from_yaml
from core.services import analysis, transfer
from core.services.access import Identity
from storage.database import Database

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
HERE = Path(__file__).parent
OWNER = Identity("owner")
GPT = "gpt-3.5-turbo (garbage = tie)"
MEASURES = {"accuracy": "accuracy", "macro_f1": "macro F1", "macro_precision": "macro precision",
            "macro_recall": "macro recall"}  # fmt: skip
FILES = {
    "pandalm": (
        "testset-v1.json", "gpt-3.5-turbo-testset-v1.json", "pandalm-7b-testset-v1.json",
    ),
    "llmbar": ("items.jsonl", "evaluations.csv"),
}  # fmt: skip


def given(name):
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the data set {name} is absent (expected in ../shared/data)")
    return [File(f, folder / f) for f in FILES[name]]


def plan(name):
    return from_yaml((HERE / f"{name}.yaml").read_text(encoding="utf-8"))


def expected(name):
    rows = json.loads((DATA / name / "expected.json").read_text(encoding="utf-8"))
    return {row["statistic"]: row["computed"] for row in rows}


@pytest.fixture
def lite(sqlite_url):
    found = Database(sqlite_url)
    yield found
    found.close()


def test_pandalm_items_people_models_and_majorities(lite):
    files, mapping = given("pandalm"), plan("pandalm")
    done = transfer.run_import(lite, OWNER, files, mapping)
    assert (done.items, done.new_items, done.units) == (999, 999, 999)
    kinds = Counter(rater.split(":")[0] for rater in done.raters)
    assert kinds == {"person": 3, "model": 2}
    assert done.raters[f"model: {GPT}"] == 999
    counts = analysis.confusion(
        lite, OWNER, "pandalm", "preference", analysis.MAJORITY, "PandaLM-7B"
    )
    per_label = [sum(row) for row in counts.counts]
    numbers = expected("pandalm")
    assert per_label == [numbers[f"majority label count {n}"] for n in (1, 2, 0)]
    found = analysis.agreement(lite, OWNER, "pandalm")
    kappas = {frozenset((p.first, p.second)): p.measure.value for p in found.among("human-human")}
    for a, b in ((1, 2), (1, 3), (2, 3)):
        pair = frozenset((f"annotator{a}", f"annotator{b}"))
        published = numbers[f"Cohen kappa annotator{a} vs annotator{b}"]
        assert kappas[pair] == pytest.approx(published, abs=1e-6)


def test_pandalm_models_against_the_majority_as_published(lite):
    transfer.run_import(lite, OWNER, given("pandalm"), plan("pandalm"))
    found, numbers = analysis.agreement(lite, OWNER, "pandalm"), expected("pandalm")
    for rater, published in ((GPT, "gpt-3.5-turbo"), ("PandaLM-7B", "PandaLM-7B")):
        row = found.rater(rater).statistics
        for name, title in MEASURES.items():
            number = numbers[f"{published} vs majority human: {title}"]
            assert row[name].value == pytest.approx(number, abs=1e-6)
            assert row[name].n == 999


def test_pandalm_unreadable_replies_may_stay_missing(lite):
    text = (HERE / "pandalm.yaml").read_text(encoding="utf-8")
    assert text.count("garbage: tie") == 1
    honest = from_yaml(text.replace("garbage: tie", "garbage: null"))
    done = transfer.run_import(lite, OWNER, given("pandalm"), honest)
    assert (done.raters[f"model: {GPT}"], done.missing["gpt_result"]) == (974, 25)
    row = analysis.agreement(lite, OWNER, "pandalm").rater(GPT).statistics["accuracy"]
    assert (row.n, round(row.coverage, 3)) == (974, 0.975)
    assert row.value == pytest.approx(0.7156, abs=5e-5)


def test_pandalm_units_with_three_people_are_not_asked_again(lite):
    transfer.run_import(lite, OWNER, given("pandalm"), plan("pandalm"))
    with lite.read() as connection:
        rows = connection.exec_driver_sql("select distinct taken, closed from unit").fetchall()
    assert [tuple(row) for row in rows] == [(3, 1)]


def test_pandalm_twice_adds_nothing(lite):
    files, mapping = given("pandalm"), plan("pandalm")
    first = transfer.run_import(lite, OWNER, files, mapping)
    before = tables(lite)
    again = transfer.run_import(lite, OWNER, files, mapping)
    assert first.new_judgments == first.judgments > 4000
    assert (again.new_items, again.new_judgments, again.units) == (0, 0, 0)
    assert tables(lite) == before


def tables(db):
    names = ("study", "item", "output", "unit", "rater", "judgment", "assignment", "event")
    with db.read() as connection:
        return {n: connection.exec_driver_sql(f"select count(*) from {n}").scalar() for n in names}


RUNS = [
    ("LLMBar/Natural", "GPT-4/Vanilla"),
    ("LLMBar/Natural", "GPT-4/Vanilla_NoRules"),
    ("LLMBar/Adversarial/GPTInst", "ChatGPT-0301/CoT"),
    ("LLMBar/Adversarial/GPTInst", "ChatGPT-0301/Vanilla"),
]


@pytest.mark.slow
def test_llmbar_judges_in_both_orders(lite):
    done = transfer.run_import(lite, OWNER, given("llmbar"), plan("llmbar"))
    assert (done.items, done.judgments, done.new_judgments) == (1200, 80_478, 80_478)
    numbers = expected("llmbar")
    for subset, judge in RUNS:
        found = analysis.agreement(lite, OWNER, "llmbar", where={"subset": [subset]})
        row = found.rater(judge).statistics
        start = f"{subset}/{judge}: "
        accuracy = numbers[f"{start}average accuracy %"]
        same = numbers[f"{start}positional agreement %"]
        assert 100 * row["order_accuracy"].detail["of_possible"] == pytest.approx(accuracy)
        assert 100 * row["order_agreement"].detail["of_possible"] == pytest.approx(same)
        kappa = numbers[f"{start}correct Cohen kappa judge(order ab) vs gold"]
        assert kappa_with_gold(lite, subset, judge) == pytest.approx(kappa, abs=1e-6)
    assert kappa_with_gold(lite, *RUNS[0]) == pytest.approx(0.898, abs=5e-4)


def kappa_with_gold(db, subset, judge):
    table = analysis.confusion(
        db, OWNER, "llmbar", "better", analysis.KNOWN, judge, where={"subset": [subset]}
    ).counts
    n = sum(map(sum, table))
    same = sum(table[k][k] for k in range(2)) / n
    chance = sum(sum(table[k]) * sum(row[k] for row in table) for k in range(2)) / n**2
    return (same - chance) / (1 - chance)
