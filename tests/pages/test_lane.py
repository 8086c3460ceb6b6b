"""The fast lane without a browser: what it sends ahead, and what it makes of an outbox."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import streamlit as st
from sqlalchemy import select

from core.content.text import TextContent
from core.protocol import from_data, from_yaml
from core.services import assignment, consent, studies, tickets
from core.services.preferences import Preferences
from core.services.tickets import Ticket
from core.units import Shown, Unit
from pages.widgets import desk, lane
from pages.widgets.texts import Words
from storage.database import Database, Unavailable
from storage.tables import Event, Judgment
from tests.services.conftest import ANA, fill

EN = Words("en")
PROTOCOL = """
name: quick
title: Quick
assignment: {overlap: 9}
questions:
  - {kind: pairwise, name: better, title: Which is better}
"""
A = {"winner": "a"}


@pytest.fixture
def quick(workspace, monkeypatch):
    """An open study of forty pairs with one question, and the lane of Ana's session."""
    monkeypatch.setattr(st, "session_state", {})
    made = studies.create(workspace, ANA, from_yaml(PROTOCOL))
    fill(workspace, made, 40)
    study = studies.set_state(workspace, ANA, "quick", "open")
    desk.state(study, ANA)["settings"] = Preferences()
    assert lane.possible(study) and lane.ready(workspace, ANA, study)
    return study


def data(db, study):
    """What the browser is given now."""
    here = desk.state(study, ANA)
    lane._refill(db, ANA, study, here)
    return lane._data(db, ANA, study, here, "k")


def entry(name, unit, kind="submit", **more):
    return {"id": name, "kind": kind, "at": unit["at"], "place": unit["place"], **more}


def stored(db):
    with db.read() as connection:
        return list(connection.execute(select(Judgment.value)).scalars())


def test_units_go_ahead_without_sources_and_known_answers(workspace, quick):
    units = data(workspace, quick)["units"]
    assert len(units) > 4 and [u["place"] for u in units] == list(range(1, len(units) + 1))
    assert {block["block"] for u in units for card in u["outputs"] for block in card["blocks"]} == {
        "prose"
    }
    assert units[0]["notice"] == []
    assert set(units[0]) == {
        "at", "place", "total", "state", "fields", "outputs", "questions", "answers", "draft",
        "seen", "asked", "notice",
    }  # fmt: skip


def test_an_outbox_is_carried_out_once_and_in_order(workspace, quick):
    first, second = data(workspace, quick)["units"][:2]
    entries = [
        entry("1", first, answers={"better": A}, seconds=1.5, fresh=True),
        entry("2", first, "undo"),
        entry("3", second, "skip", reason="unclear"),
        entry("4", second, "flag", note="odd"),
    ]
    for _ in range(2):
        lane.take(workspace, ANA, quick, {"entries": entries, "want": 2})
    found = data(workspace, quick)
    assert set(found["acks"]) == {"1", "2", "3", "4"} and len(stored(workspace)) == 2
    assert found["units"][0]["place"] == 1 and found["units"][0]["draft"] == {"better": A}
    assert found["behind"]["place"] == 2 and found["behind"]["state"] == "skipped"
    with workspace.read() as connection:
        kinds = list(connection.execute(select(Event.kind)).scalars())
    assert kinds.count("skip") == kinds.count("flag") == 1


@pytest.mark.parametrize(("units", "ways"), [(0, 2), (3, 0)])
def test_the_end_leads_on(workspace, opened, units, ways):
    made = studies.create(workspace, ANA, from_yaml(PROTOCOL))
    fill(workspace, made, units)
    studies.set_state(workspace, ANA, "quick", "open")
    page = opened("annotate", who="ana", study="quick")
    onward = [button for button in page.button if (button.key or "").startswith("finished-")]
    assert len(onward) == ways


def test_a_new_session_carries_on_where_the_old_one_broke_off(workspace, quick):
    first = data(workspace, quick)["units"][0]
    box = {"entries": [entry("1", first, answers={"better": A}, fresh=True)]}
    lane.take(workspace, ANA, quick, box)
    st.session_state.clear()
    desk.state(quick, ANA)["settings"] = Preferences()
    lane.take(workspace, ANA, quick, box)
    assert len(stored(workspace)) == 1 and "1" in data(workspace, quick)["acks"]


def test_a_paused_study_keeps_the_answers_waiting(workspace, quick):
    first = data(workspace, quick)["units"][0]
    box = {"entries": [entry("1", first, answers={"better": A}, fresh=True)]}
    studies.set_state(workspace, ANA, "quick", "paused")
    lane.take(workspace, ANA, quick, box)
    assert data(workspace, quick)["acks"] == {} and stored(workspace) == []
    studies.set_state(workspace, ANA, "quick", "open")
    lane.take(workspace, ANA, quick, box)
    assert len(stored(workspace)) == 1


def test_a_database_in_trouble_keeps_the_answers_waiting_and_says_so(workspace, quick, monkeypatch):
    first = data(workspace, quick)["units"][0]
    box = {"entries": [entry("1", first, answers={"better": A}, fresh=True)]}

    def full(*_, **__):
        raise Unavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "write", full)
        lane.take(workspace, ANA, quick, box)
        desk.state(quick, ANA)["lane"]["renewed"] = -1e9
        found = data(workspace, quick)
    assert found["acks"] == {} and found["trouble"] == "the disk is full"
    lane.take(workspace, ANA, quick, box)
    found = data(workspace, quick)
    assert found["trouble"] == "" and len(stored(workspace)) == 1 and "1" in found["acks"]


def test_an_answer_to_an_older_wording_is_no_answer_to_the_new_one(workspace, quick):
    """The server was away, or the unit stood in the browser: the study was edited meanwhile."""
    first, second = data(workspace, quick)["units"][:2]
    told = {"answers": {"better": A}, "asked": first["asked"]}
    new = quick.protocol.questions[0].model_copy(update={"title": "Which is worse"})
    protocol = quick.protocol.model_copy(update={"questions": (new,)})
    studies.edit(workspace, ANA, "quick", protocol, quick.version)
    st.session_state.clear()
    desk.state(quick, ANA)["settings"] = Preferences()
    box = [entry("1", first, **told, fresh=True), entry("2", second, "draft", **told)]
    lane.take(workspace, ANA, quick, {"entries": box})
    found = data(workspace, quick)
    assert all("questions were changed" in found["acks"][n]["error"] for n in "12")
    assert stored(workspace) == [] and found["units"][1]["draft"] == {}
    again = found["units"][0]
    assert again["at"] == first["at"] and again["asked"] != first["asked"]
    told = {"answers": {"better": A}, "asked": again["asked"]}
    lane.take(workspace, ANA, quick, {"entries": [entry("3", again, **told, fresh=True)]})
    assert len(stored(workspace)) == 1


def test_a_paused_study_is_said_until_it_takes_answers_again(workspace, quick):
    first = data(workspace, quick)["units"][0]
    box = {"entries": [entry("1", first, answers={"better": A}, fresh=True)]}
    studies.set_state(workspace, ANA, "quick", "paused")
    lane.take(workspace, ANA, quick, box)
    assert "paused" in data(workspace, quick)["closed"]
    studies.set_state(workspace, ANA, "quick", "open")
    lane.take(workspace, ANA, quick, box)
    assert data(workspace, quick)["closed"] == ""


def test_what_cannot_be_stored_is_said(workspace, quick):
    first, second = data(workspace, quick)["units"][:2]
    entries = [
        entry("1", first, answers={"better": {"winner": "zebra"}}, fresh=True),
        entry("2", second | {"at": 10**6, "place": 10**6}, answers={"better": A}, fresh=True),
        entry("3", second, "skip", reason=" "),
        {"id": "4", "kind": "submit", "at": "x", "place": [1], "answers": 7},
    ]
    lane.take(workspace, ANA, quick, {"entries": [*entries, "nonsense", {}]})
    acks = data(workspace, quick)["acks"]
    assert all(acks[name]["error"] for name in "1234") and stored(workspace) == []


def test_a_draft_is_kept_with_the_unit(workspace, quick):
    first = data(workspace, quick)["units"][0]
    entries = [entry("1", first, "draft", answers={"better": A})]
    lane.take(workspace, ANA, quick, {"entries": entries})
    assert data(workspace, quick)["units"][0]["draft"] == {"better": A}
    assert assignment.current(workspace, ANA, "quick").draft == {"better": A}


@pytest.mark.parametrize(
    "text", ["a formula $x^2$", "| a | b |", r"\(x\)", "x" * 30_000], ids=range(4)
)
def test_what_only_the_desk_can_draw_is_left_to_it(quick, text):
    unit = Unit("u", "i", {"prompt": TextContent(text)}, (), (), quick.protocol.questions[:0])
    held = Ticket(1, "quick", 1, unit, 1, "person:ana", 1, 1, "first", 0, "reserved")
    assert lane.screen(held, EN) is None


@pytest.mark.parametrize(
    "more",
    [
        "reveal: {mode: after}", "checks: {minimum_seconds: 2}", "sensitive: {task: [x]}",
        "checks: {rounds: [{name: warm_up}]}",
    ],
)  # fmt: skip
def test_studies_that_need_the_whole_desk(more):
    study = SimpleNamespace(protocol=from_yaml(PROTOCOL + more))
    assert not lane.possible(study)


def test_a_turn_that_calls_tools_or_has_a_name_is_left_to_the_desk():
    """The lane draws role and words only: nothing of a turn may be lost there."""
    plain_turn = {"block": "turn", "role": "user", "text": "Hello"}
    assert lane._drawable(plain_turn)
    for more in ({"calls": [{"name": "f"}]}, {"name": "Ana"}, {"role": "tool"}):
        assert not lane._drawable(plain_turn | more)


def held_with(**material):
    """A ticket of a unit with that material and one question of a single press."""
    question = from_yaml(PROTOCOL.replace("pairwise", "rating")).questions[0]
    return Ticket(
        id=1, study="quick", unit_id=1, unit=Unit("u", "u", questions=(question,), **material),
        rater=1, rater_key="person:ana", place=1, total=1, stage="first", repeat=0,
        state="reserved",
    )  # fmt: skip


def test_what_a_critique_hangs_on_and_long_texts_are_left_to_the_desk():
    short = {"text": TextContent("Short.")}
    answer = Shown("a", TextContent("An answer."))
    assert lane.screen(held_with(fields=short), EN) is not None
    assert lane.screen(held_with(fields=short, context=(answer,)), EN) is None
    assert lane.screen(held_with(fields={"text": TextContent("A sentence. " * 400)}), EN) is None


def test_an_outbox_of_somebody_who_has_left_is_not_stored_and_the_page_asks(workspace, quick):
    unit = data(workspace, quick)["units"][0]
    consent.withdraw(workspace, ANA, "quick")
    box = {"entries": [entry("one", unit, answers={"better": A})]}
    lane.take(workspace, ANA, quick, box)
    here = desk.state(quick, ANA)
    assert here["left"] and "you have left this study" in here["lane"]["acks"]["one"]["error"]
    assert stored(workspace) == []


def test_what_a_unit_cannot_be_asked_is_said_in_the_lane_or_on_the_desk(workspace, quick):
    data_ = quick.protocol.data()
    rating = {"kind": "rating", "name": "clear", "title": "How clear"}
    both = studies.edit(
        workspace, ANA, "quick", from_data({**data_, "questions": [*data_["questions"], rating]}),
        quick.version,
    )  # fmt: skip
    held = assignment.current(workspace, ANA, "quick")
    alone = replace(held, unit=replace(held.unit, outputs=held.unit.outputs[:1]))
    asked, barred = tickets._askable(alone.unit)
    shown = lane.screen(replace(alone, unit=asked, barred=barred), EN)
    assert [block["name"] for block in shown["questions"]] == ["clear"] and both.version > 1
    assert shown["notice"][0].startswith("Not asked here: **Which is better**")
    nothing = replace(asked, questions=())
    assert lane.screen(replace(alone, unit=nothing, barred=barred), EN) is None
