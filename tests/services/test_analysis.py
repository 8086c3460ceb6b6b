"""Analysis reads what the log says, follows it, and shows the published figures."""

import json
import threading

import numpy as np
import pytest

from core.services import analysis, answering, assignment, material, result_rows, tables
from core.services.access import Denied, Identity
from core.services.findings import KNOWN, MAJORITY, NoAnswer
from core.services.studies import NoStudy, load
from storage import studies as study_rows
from tests.services.conftest import ANA, BEN
from tests.written_study import DATA, OWNER, Pen, llmbar, pairs_study, pandalm, ratings_study

NO_DATA = "../shared/data is absent"


def expected(name):
    path = DATA / name / "expected.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def rebuilt(db, study):
    """Every table that is followed equals its rebuild; returns how many there are."""
    live = tables.follower(db, load(db, study))
    for sheet in live.sheets.values():
        assert sheet.table.difference(sheet.table.rebuilt()) == ""
    return len(live.sheets)


def test_answers_of_the_annotators_path_arrive(db, study):
    before = analysis.agreement(db, OWNER, "small")
    assert not before.raters and before.units == 6
    assert "judged by two raters" in before.groups["people"]["alpha"].note
    for who, winner in ((ANA, "a"), (BEN, "b")):
        for _ in range(3):
            held = assignment.current(db, who, "small")
            answering.submit(db, who, held, {"better": {"winner": winner}}, 1.5)
    found = analysis.agreement(db, OWNER, "small")
    assert found.revision == analysis.revision(db, "small") == 6
    assert [r.name for r in found.raters] == ["ana", "ben"]
    assert found.pairs[0].group == "human-human"
    assert found.pairs[0].percent.value == 0 and found.pairs[0].percent.n == 3
    assert found.raters[0].seconds == 1.5 and found.raters[0].coverage == 0.5
    assert found.rater("ana").statistics["gold_accuracy"].value == 1
    assert rebuilt(db, "small") == 1


def test_corrections_and_withdrawals_are_followed(db):
    study = ratings_study(db, "marks", 30)
    pen, chance = Pen(db, study), np.random.default_rng(4)
    who = [("person", "ana"), ("person", "ben"), ("model", "judge")]
    for _ in range(6):
        batch = {}
        for _ in range(40):
            kind, name = who[chance.integers(3)]
            place = (f"i{chance.integers(30):06}", kind, name)
            code = int(chance.integers(5)) if chance.random() < 0.85 else None
            batch[place] = (*place, code, int(chance.integers(2)))
        for row in batch.values():
            pen.write([row])
            if chance.random() < 0.1:
                analysis.agreement(db, OWNER, "marks")
        analysis.agreement(db, OWNER, "marks", where={"half": ["first"]})
        rebuilt(db, "marks")
    live = analysis.agreement(db, OWNER, "marks")
    db.cache.clear()
    fresh = analysis.agreement(db, OWNER, "marks")
    both = [{frozenset((p.first, p.second)): p.measure.value for p in one.pairs}
            for one in (live, fresh)]  # fmt: skip
    assert both[0] == pytest.approx(both[1], nan_ok=True)
    assert by_name(live) == by_name(fresh)
    assert live.groups == fresh.groups


def by_name(found):
    return {r.name: (r.n, r.seconds, dict(r.statistics)) for r in found.raters}


def test_slices_choices_and_confusions(db):
    study = ratings_study(db, "marks", 40)
    pen = Pen(db, study)
    pen.write([(f"i{n:06}", "person", "ana", n % 5, 0) for n in range(40)])
    pen.write([(f"i{n:06}", "person", "ben", n % 4, 0) for n in range(40)])
    pen.write([(f"i{n:06}", "rule", "length", 0, 0) for n in range(10)], {"simulated": True})
    assert analysis.facts(db, OWNER, "marks") == {"half": ["first", "second"]}
    half = analysis.agreement(db, OWNER, "marks", where={"half": ["first"]}, measure="cohen_linear")
    assert half.units == 20 and half.pairs[0].percent.n == 20
    assert half.pairs[0].measure.name == "cohen_linear"
    assert "length (simulated)" in [r.name for r in half.raters]
    assert [p.group for p in half.pairs] == ["human-human", "human-model", "human-model"]
    whole = analysis.agreement(db, OWNER, "marks", bootstrap=True)
    assert "bootstrap" in whole.groups["people"]["alpha"].method
    counts = analysis.confusion(db, OWNER, "marks", None, "ana", "ben")
    assert counts.n == 40 and np.trace(counts.counts) == whole.pairs[0].percent.detail["same"]
    against = analysis.confusion(db, OWNER, "marks", None, MAJORITY, "length (simulated)")
    assert against.n < 10  # ties of two people are no majority
    assert analysis.confusion(db, OWNER, "marks", None, KNOWN, "ana").n == 0
    assert set(analysis.measures(db, "marks", "quality")) >= {"cohen", "cohen_quadratic"}


def test_clear_refusals(db, study):
    with pytest.raises(Denied):
        analysis.agreement(db, Identity("x", frozenset({"annotator"})), "small")
    with pytest.raises(NoStudy):
        analysis.revision(db, "nothing")
    with pytest.raises(NoAnswer, match="better"):
        analysis.agreement(db, OWNER, "small", "nothing")
    with pytest.raises(NoAnswer, match="does not fit"):
        analysis.agreement(db, OWNER, "small", measure="cohen_linear")
    with pytest.raises(NoAnswer, match="no rater"):
        analysis.confusion(db, OWNER, "small", None, "nobody", "ana")


def test_units_that_arrive_later_are_counted(db):
    study = ratings_study(db, "marks", 3)
    Pen(db, study).write([("i000000", "person", "ana", 1, 0)])
    assert analysis.agreement(db, OWNER, "marks").units == 3
    with db.write() as connection:
        from storage import items

        content = {"prompt": {"kind": "text", "data": "More"}}
        items.add_items(connection, study.id, [{"key": "more", "content": content, "meta": {}}])
        material.add_missing_units(connection, study)
    found = analysis.agreement(db, OWNER, "marks")
    assert found.units == 4 and found.raters[0].n == 1


def test_a_known_answer_that_does_not_fit_is_counted(db):
    study = pairs_study(db, "pairs", [("a", {}, 0), ("b", {}, 1)])
    with db.write() as connection:
        from sqlalchemy import update

        from storage.tables import Item

        item = Item.__table__
        connection.execute(
            update(item).where(item.c.key == "b").values(gold={"better": {"winner": "zz"}})
        )
    Pen(db, study).write([("a", "person", "ana", 0, 0), ("b", "person", "ana", 0, 0)])
    found = analysis.agreement(db, OWNER, "pairs")
    assert found.gold_refused == 1
    assert found.raters[0].statistics["gold_accuracy"].n == 1


def test_many_readers_while_one_writes(db):
    study = ratings_study(db, "marks", 50)
    pen, errors, seen = Pen(db, study), [], []

    def read():
        try:
            for _ in range(15):
                found = analysis.agreement(db, OWNER, "marks")
                seen.append(sum(r.n for r in found.raters) <= found.revision + 2)
        except Exception as error:  # the test fails on any
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(50):
        pen.write([(f"i{n:06}", "person", name, n % 5, 0) for name in ("ana", "ben")])
    for thread in threads:
        thread.join()
    assert not errors and seen
    found = analysis.agreement(db, OWNER, "marks")
    assert [r.n for r in found.raters] == [50, 50]
    rebuilt(db, "marks")


def test_raters_of_one_name_are_told_apart(db):
    study = ratings_study(db, "marks", 4)
    with db.write() as connection:
        for key in ("1111aaaa2222", "3333bbbb4444"):
            study_rows.rater(connection, study.id, "model", key, name="judge")
    pen = Pen(db, study)
    pen.write([("i000000", "model", "1111aaaa2222", 1, 0)])
    pen.write([("i000000", "model", "3333bbbb4444", 2, 0)])
    names = [r.name for r in analysis.agreement(db, OWNER, "marks").raters]
    assert names == ["judge [1111aaaa]", "judge [3333bbbb]"]


def test_rows_and_csv(db):
    study = ratings_study(db, "marks", 4)
    pen = Pen(db, study)
    pen.write([("i000000", "person", "=ana", 1, 0), ("i000000", "person", "ben", 1, 0)])
    found = analysis.agreement(db, OWNER, "marks")
    text = result_rows.csv_text(result_rows.pair_rows(found))
    assert text.splitlines()[0].startswith("group,first,second,percent,")
    assert "'=ana" in text
    plain = json.loads(json.dumps(result_rows.data(found)))
    assert plain["pairs"][0]["cohen"] is None and "no variation" in plain["pairs"][0]["cohen_note"]
    assert {r["statistic"] for r in plain["groups"]} >= {"alpha", "mean pairwise cohen"}
    assert result_rows.csv_text([]) == ""


@pytest.mark.skipif(expected("pandalm") is None, reason=NO_DATA)
def test_pandalm_as_published(db):
    pandalm(db)
    found = analysis.agreement(db, OWNER, "pandalm")
    kappas = {(p.first, p.second): p.measure.value for p in found.pairs}
    ours = {
        f"Cohen kappa annotator{a} vs annotator{b}": kappas[(f"annotator{a}", f"annotator{b}")]
        for a, b in ((1, 2), (1, 3), (2, 3))
    }
    counts = found.study_wide["majority"].detail["counts"]
    for label, shown in (("0", "tie"), ("1", "1st better"), ("2", "2nd better")):
        ours[f"majority label count {label}"] = counts[shown]
    for model in ("gpt-3.5-turbo", "PandaLM-7B"):
        own = found.rater(model).statistics
        for words in ("accuracy", "macro precision", "macro recall", "macro F1"):
            name = words.lower().replace(" ", "_")
            ours[f"{model} vs majority human: {words}"] = own[name].value
    entries = expected("pandalm")
    assert len(entries) == len(ours) == 14
    for entry in entries:
        got = ours[entry["statistic"]]
        assert got == pytest.approx(entry["computed"], abs=1e-6), entry["statistic"]
        assert got == pytest.approx(entry["published"], abs=entry["tolerance"])
    assert f"{ours['gpt-3.5-turbo vs majority human: accuracy']:.2%}" == "71.07%"
    assert f"{ours['PandaLM-7B vs majority human: macro F1']:.2%}" == "57.43%"


@pytest.mark.skipif(expected("llmbar") is None, reason=NO_DATA)
def test_llmbar_as_published(sqlite_url):
    """Every run listed: average accuracy, order agreement, kappa with itself and with gold.

    Where a reply was unreadable the publication counted it as wrong, two of them as the same, and
    in kappa as “not the first”. Ours leaves it missing, and says beside it what of all units would
    be: so accuracy and order agreement can be compared everywhere, kappa only without such replies.
    """
    from storage.database import Database

    db = Database(sqlite_url)
    entries = [e for e in expected("llmbar") if "MISCODED" not in e["statistic"]]
    runs = sorted({e["statistic"].split(":")[0] for e in entries})
    llmbar(db, {"/".join(run.split("/")[-2:]) for run in runs})
    checked = {"accuracy": 0, "agreement": 0, "itself": 0, "gold": 0}
    for run in runs:
        subset, judge = run.rsplit("/", 2)[0], "/".join(run.split("/")[-2:])
        found = analysis.agreement(db, OWNER, "llmbar", where={"subset": [subset]})
        own = found.rater(judge).statistics
        complete = own["order_agreement"].coverage == 1
        for entry in [e for e in entries if e["statistic"].startswith(f"{run}:")]:
            kind, got = figure(found, own, entry["statistic"], complete)
            if got is not None:
                assert got == pytest.approx(entry["computed"], abs=2e-6), entry["statistic"]
                checked[kind] += 1
    db.close()
    assert checked["accuracy"] == len(runs) == 144
    assert checked["agreement"] == 144
    assert checked["itself"] >= 100 and checked["gold"] >= 100


def figure(found, own, statistic, complete):
    """Which figure an entry is about, and ours; None where missing replies make them differ."""
    if "average accuracy" in statistic:
        return "accuracy", 100 * own["order_accuracy"].detail["of_possible"]
    if "positional" in statistic:
        orders, units = own["order_agreement"], found.units
        same = orders.detail["same"] + orders.detail["neither"]
        return "agreement", 100 * same / units
    if "itself" in statistic:
        return "itself", own["order_kappa"].value if complete else None
    return "gold", own["gold_kappa"].value if complete else None


@pytest.mark.skipif(expected("llmbar") is None, reason=NO_DATA)
def test_gpt4_on_natural_has_the_right_kappa(db):
    llmbar(db, {"GPT-4/Vanilla"})
    found = analysis.agreement(db, OWNER, "llmbar", where={"subset": ["LLMBar/Natural"]})
    own = found.rater("GPT-4/Vanilla").statistics
    assert own["gold_kappa"].value == pytest.approx(0.897709, abs=1e-6)
    assert own["order_accuracy"].value == pytest.approx(0.955)
    assert own["order_agreement"].value == pytest.approx(0.95)


def test_a_table_of_results_runs_nothing_in_a_spreadsheet():
    text = result_rows.csv_text([{"=name": "\n=1+1"}, {"=name": "＝cmd"}])
    assert text.splitlines()[0] == "'=name" and "'\n=1+1" in text and "'＝cmd" in text
