"""After a question is reworded: its old answers count no more, and people are asked anew."""

import pytest
from sqlalchemy import select

from core.imports.base import File
from core.protocol import from_data
from core.services import (
    analysis,
    answering,
    assignment,
    exports,
    rewording,
    studies,
    team,
    transfer,
)
from core.services.access import Denied, Identity
from core.services.rewording import Asked
from core.services.store import ensure
from core.services.studies import Refused
from storage import judgments
from storage.database import Database
from storage.tables import Assignment, Event, Judgment, Unit
from tests.services.answers import answer, better
from tests.services.conftest import ANA, BEN, EVA
from tests.services.test_reveal import opened

A, B = {"winner": "a"}, {"winner": "b"}
S, J, U, E = (table.__table__ for table in (Assignment, Judgment, Unit, Event))
NOA = Identity("noa", frozenset({"annotator"}))


def rows(db, table):
    with db.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def reword(db, title, name="better"):
    """Save a new version in which a question has another title."""
    study = studies.load(db, "small")
    data = study.protocol.data()
    for question in data["questions"]:
        if question["name"] == name:
            question["title"] = title
    return studies.edit(db, EVA, "small", from_data(data), study.version)


def work(db, who, most=99, **answers):
    """Answer what comes next, so many times; returns the tickets."""
    seen = []
    while len(seen) < most and (held := assignment.current(db, who, "small")):
        answering.submit(db, who, held, {"better": A, **answers}, 2.0)
        seen.append(held)
    return seen


def told(db):
    found = rewording.outdated(db, EVA, "small")
    return {
        one.question: (one.units, one.answers, one.ask, one.waiting, one.others)
        for one in found.questions
    }


@pytest.fixture
def answered(db, study):
    """Ana and Ben answered all six units, Ana with the reason."""
    work(db, ANA, why="so")
    work(db, BEN)


def test_people_are_asked_anew_once_and_all_answers_are_kept(db, study, answered):
    assert told(db) == {} and rewording.ask_anew(db, EVA, "small") == Asked()
    before = [tuple(row) for row in rows(db, J)]
    reword(db, "Which is best")
    assert told(db) == {"better": (6, 12, 6, 0, 0)}
    assert rewording.ask_anew(db, EVA, "small") == Asked(6, 12, 0)
    given = len(rows(db, S))
    assert rewording.ask_anew(db, EVA, "small") == Asked() and len(rows(db, S)) == given == 24
    assert told(db) == {"better": (6, 12, 0, 6, 0)}
    assert [tuple(row) for row in rows(db, J)] == before
    seen = work(db, ANA, 2, better=B, why="so")
    assert [held.stage for held in seen] == ["reworded"] * 2
    assert [held.answers for held in seen] == [{"why": "so"}] * 2
    assert told(db) == {"better": (6, 10, 0, 6, 0)}
    assert len(work(db, ANA, why="so")) == 4 and len(work(db, BEN)) == 6
    assert told(db) == {} and rewording.ask_anew(db, EVA, "small") == Asked()
    assert [tuple(row) for row in rows(db, J)][: len(before)] == before
    fresh = rows(db, J)[len(before) :]
    assert {(r.stage, r.repeat, r.replaces) for r in fresh} == {("first", 0, None)}
    assert len(fresh) == 12  # the reason was not reworded: it stands, and is not stored again
    alpha = analysis.agreement(db, EVA, "small").groups["people"]["alpha"]
    assert alpha.n == 6
    with db.read() as connection:
        found = list(judgments.verify(connection, study.id))
    assert not any(isinstance(step, judgments.Break) for step in found)
    assert {u.taken for u in rows(db, U)} == {2}
    assert [e.data["given"] for e in rows(db, E) if e.kind == "reworded"] == [12]


def test_a_question_reworded_twice_is_asked_twice_and_of_nobody_in_between(db, answered):
    reword(db, "Which is best")
    rewording.ask_anew(db, EVA, "small")
    work(db, ANA)
    reword(db, "Which of them is best")
    assert told(db) == {"better": (6, 12, 6, 0, 0)}
    assert rewording.ask_anew(db, EVA, "small") == Asked(6, 6, 0)
    assert {(r.stage, r.repeat) for r in rows(db, S)} == {
        ("first", 0), ("reworded", 1), ("reworded", 2)
    }  # fmt: skip
    assert len(work(db, ANA)) == 6 and len(work(db, BEN)) == 6 and told(db) == {}


def test_an_optional_question_left_empty_is_not_asked_for_ever(db, answered):
    reword(db, "Why so", "why")
    assert told(db) == {"why": (6, 6, 6, 0, 0)}
    assert rewording.ask_anew(db, EVA, "small") == Asked(6, 6, 0)
    assert assignment.current(db, BEN, "small") is None
    work(db, ANA)
    assert told(db) == {}
    reword(db, "Which is best")
    assert told(db) == {"better": (6, 12, 6, 0, 0)}


def test_places_of_people_who_cannot_be_asked_are_opened_to_others(db, answered):
    reword(db, "Which is best")
    rewording.ask_anew(db, EVA, "small")
    held = assignment.current(db, ANA, "small")
    answering.skip(db, ANA, held, "unclear")
    answering.skip(db, ANA, held, "unclear")
    taken = {u.id: (u.taken, u.closed) for u in rows(db, U)}
    assert taken.pop(held.unit_id) == (1, 0) and set(taken.values()) == {(2, 1)}
    assert told(db) == {"better": (6, 12, 0, 6, 0)} and len(work(db, EVA)) == 1
    assert rewording.ask_anew(db, EVA, "small") == Asked()
    team.block(db, EVA, "small", "ben")
    assert rewording.ask_anew(db, EVA, "small") == Asked(6, 0, 6)
    assert rewording.ask_anew(db, EVA, "small") == Asked()
    assert {u.taken for u in rows(db, U)} == {1}
    assert len(work(db, ANA)) == 5
    assert len(work(db, NOA)) == 6 and assignment.current(db, NOA, "small") is None
    assert told(db) == {}  # two answers of every unit count now
    assert {r.state for r in rows(db, S) if r.stage == "reworded"} == {
        "submitted", "skipped", "released"
    }  # fmt: skip


def test_what_a_unit_no_longer_asks_is_not_asked_anew(db, answered):
    study = studies.load(db, "small")
    data = study.protocol.data()
    data["questions"][0] |= {"title": "Which is best", "only": {"half": ["first"]}}
    studies.edit(db, EVA, "small", from_data(data), study.version)
    assert told(db) == {"better": (3, 6, 3, 0, 0)}


def test_a_verdict_that_stood_before_the_answer_stands_before_the_new_one(db):
    opened(db, "{mode: before}", 1)
    answering.submit(db, ANA, assignment.current(db, ANA, "small"), {"better": A}, 2.0)
    now = reword(db, "Which is best")
    assert rewording.ask_anew(db, EVA, "small") == Asked(1, 1, 0)
    for name in ("m1", "m2"):
        answer(db, now, "better", "model", name, better(item_0="b"))
    held = assignment.current(db, ANA, "small")
    assert held.stage == "reworded" and len(held.verdicts) == 1
    answering.submit(db, ANA, held, {"better": B}, 2.0)
    assert len(rows(db, J)[-1].revealed) == 2


def test_who_saw_the_verdict_in_a_second_look_is_not_asked_anew(db):
    opened(db, "{mode: after}", 1)
    for _ in range(2):
        answering.submit(db, ANA, assignment.current(db, ANA, "small"), {"better": A}, 2.0)
    reword(db, "Which is best")
    assert rewording.ask_anew(db, EVA, "small") == Asked(1, 0, 1)
    assert assignment.current(db, ANA, "small") is None
    assert told(db) == {"better": (1, 1, 0, 0, 1)}


def test_answers_to_both_wordings_come_back_by_import(db, answered, tmp_path):
    reword(db, "Which is best")
    rewording.ask_anew(db, EVA, "small")
    assert len(work(db, ANA, why="so")) == 6 and len(work(db, BEN, 2)) == 2
    assert told(db) == {"better": (4, 4, 0, 4, 0)}
    exports.write(db, ANA, "small", exports.Choice("jsonl"), tmp_path / "one.jsonl")
    other = Database(str(tmp_path / "other.db"))
    ensure(other)
    files = [File("one.jsonl", tmp_path / "one.jsonl")]
    for _ in range(2):
        transfer.run_import(other, ANA, files, None)
    assert len(rows(other, J)) == len(rows(db, J))
    assert told(other) == {"better": (4, 4, 4, 0, 0)}
    assert {u.taken for u in rows(other, U)} == {2}
    assert sum(r.stage == "reworded" for r in rows(other, S)) == 8
    other.close()


def test_who_may_and_when(db, answered):
    reword(db, "Which is best")
    for call in (rewording.outdated, rewording.ask_anew):
        with pytest.raises(Denied):
            call(db, NOA, "small")
    studies.set_state(db, EVA, "small", "closed")
    with pytest.raises(Refused, match="reopen"):
        rewording.ask_anew(db, EVA, "small")


def test_who_is_asked_anew_is_told_the_older_wording_and_answer(db, study, answered):
    reword(db, "Which is best")
    rewording.ask_anew(db, EVA, "small")
    held = assignment.current(db, ANA, "small")
    (before,) = held.earlier
    letter = held.unit.letter("a")
    assert (before.question, before.title) == ("better", "Which is better")
    assert before.words == f"{letter} is better"
    answering.submit(db, ANA, held, {"better": B, "why": "so"}, 2.0)
    assert assignment.at(db, ANA, "small", held.place).earlier == ()
    reword(db, "Which is the best of all")
    rewording.ask_anew(db, EVA, "small")
    places = range(held.place + 1, held.place + 20)
    later = [t for p in places if (t := assignment.at(db, ANA, "small", p))]
    (again,) = [t for t in later if t.unit_id == held.unit_id]
    (before,) = again.earlier
    assert before.title == "Which is best"
    assert before.words == f"{again.unit.letter('b')} is better"


def test_ordinary_work_tells_nothing_of_the_past(db, study, answered):
    reword(db, "Which is best")
    held = assignment.at(db, ANA, "small", 1)
    assert held.stage == "first" and held.earlier == ()
