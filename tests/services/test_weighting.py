"""Numbers weighted by how units were chosen, from the assignments of a study."""

import json

import pytest
from click.testing import CliRunner

from core.cli import main
from core.protocol import from_data
from core.services import answering, assignment, studies, weighting
from core.services.access import Denied, Identity
from core.settings import settings
from storage.database import Database
from tests.services.answers import answer
from tests.services.conftest import ANA, BEN
from tests.services.test_assignment import opened

UNITS, HARD = 80, 20
ANSWERER = Identity("x", frozenset({"annotator"}))


def judged(db, policy, many=45):
    """Two models differ on a quarter of the units, where the first errs; people meet these first.

    People say `a` everywhere, so that the first model is right on three quarters.
    """
    study = opened(db, policy, UNITS)
    first = {f"item-{n}": {"winner": "b" if n < HARD else "a"} for n in range(UNITS)}
    answer(db, study, "better", "model", "m1", first)
    answer(db, study, "better", "model", "m2", {key: {"winner": "a"} for key in first})
    for who in (ANA, BEN):
        held = assignment.current(db, who, "small")
        for _ in range(many):
            if held is not None:
                held = submit(db, who, held)
    return study


def submit(db, who, held):
    return answering.submit(db, who, held, {"better": {"winner": "a"}}, follow=True).next


def row(found, what, of):
    return next(r for r in found.rows if (r.what, r.of) == (what, of))


def test_a_draw_by_disagreement_makes_the_model_look_worse_and_weights_mend_it(db):
    study = judged(db, "{overlap: 1, order: jury, epsilon: 0.2}", 20)
    found = weighting.weights(db, ANA, "small")
    for what in ("people agree with", "accuracy against people"):
        one = row(found, what, "m1")
        assert one.plain.value < 0.65 and one.hajek.low <= 0.75 <= one.hajek.high
        assert abs(one.hajek.value - 0.75) < 0.1 and one.hajek.n == one.plain.n == 40
        assert one.hajek.detail["effective_n"] < 40 < UNITS * one.hajek.detail["max_weight"]
    assert row(found, "share of answers", "1st better").hajek.value == 1.0
    assert found.policies == {"jury/1": 40} and found.unknown == {} and found.drawn == 40
    part = weighting.weights(db, ANA, "small", where={"half": ["second"]})
    assert row(part, "people agree with", "m1").hajek.value == 1.0
    answer(db, study, "better", "person", "cleo", {"item-70": {"winner": "b"}})
    assert weighting.weights(db, ANA, "small").drawn == 40
    with pytest.raises(Denied):
        weighting.weights(db, ANSWERER, "small")


def test_when_all_is_answered_the_weights_say_what_the_plain_numbers_say(db):
    judged(db, "{overlap: 1, order: jury, epsilon: 0.2}", UNITS // 2)
    submit(db, ANA, assignment.current(db, ANA, "small"))
    one = row(weighting.weights(db, ANA, "small"), "accuracy against people", "m1")
    assert one.hajek.value == pytest.approx(one.plain.value) == pytest.approx(0.75)


@pytest.mark.parametrize("order", ["shared", "per_rater", "random"])
def test_nothing_is_weighted_where_all_were_as_likely(db, order):
    judged(db, f"{{overlap: 1, order: {order}}}", 5)
    assert weighting.weights(db, ANA, "small") is None


def test_what_came_by_another_way_is_counted_and_left_out(db):
    study = judged(db, "{overlap: 2, order: shared}", 5)
    data = study.protocol.data()
    data["assignment"] = {"overlap": 2, "order": "jury"}
    studies.edit(db, ANA, "small", from_data(data), study.version)
    held = assignment.current(db, ANA, "small")
    held = submit(db, ANA, held)
    for _ in range(3):
        held = submit(db, ANA, held)
    found = weighting.weights(db, ANA, "small")
    assert found.unknown["came in the order of the import"] >= 10
    assert 3 <= found.drawn <= 4
    one = row(found, "people agree with", "m1")
    assert one.hajek.n == found.drawn and "read with care" in one.hajek.note


def test_the_command_prints_both(sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    settings.cache_clear()
    db = Database(sqlite_url)
    judged(db, "{overlap: 1, order: jury, epsilon: 0.2}", 20)
    said = CliRunner().invoke(main, ["stats", "--study", "small", "--json"])
    assert said.exit_code == 0, said.output
    lines = json.loads(said.stdout)["weighted"]
    one = next(w for w in lines if (w["what"], w["of"]) == ("accuracy against people", "m1"))
    assert one["hajek_low"] <= 0.75 <= one["hajek_high"] and one["effective_n"] < 40
    text = CliRunner().invoke(main, ["stats", "--study", "small"]).stdout
    assert "weighted by 1 / probability, 40 units drawn" in text and "effective n" in text
    db.close()
    settings.cache_clear()
