"""Questions over a study's own data: what the copy holds, who may ask, what is noted."""

import json

import pytest

from core.calls import CallFailed
from core.protocol import from_yaml
from core.services import asking, studies
from core.services.access import Denied, Identity
from core.units import Invalid
from core.workers.ask import Ask
from storage import studies as study_rows
from storage.database import Database
from tests.servers.openai_server import OpenAIServer, schema_of
from tests.services.answers import answer, better
from tests.services.conftest import ANA, PROTOCOL, fill

SQL = "SELECT rater, count(*) AS n FROM answers GROUP BY rater ORDER BY rater"


def told(body):
    whole = {"sql": SQL, "drawing": "bar", "across": "rater", "up": "n", "answer": "Two each."}
    return {name: whole[name] for name in schema_of(body)["properties"]}


@pytest.fixture
def answered(sqlite_url):
    """A study that ana and ben have answered, and its name."""
    db = Database(sqlite_url)
    made = studies.create(db, ANA, from_yaml(PROTOCOL))
    fill(db, made)
    answer(db, made, "better", "person", "ana", better(item_0="a", item_1="t"))
    answer(db, made, "better", "person", "ben", better(item_0="b", item_1="a"), rationale="longer")
    yield db, made.key
    db.close()


def test_people_are_numbered_and_answers_said_in_words(answered):
    db, key = answered
    found = asking.query(db, ANA, key, SQL)
    assert [row[0] for row in found.rows] == ["person-1", "person-2"]
    words = json.dumps([list(r) for r in asking.query(db, ANA, key, "SELECT * FROM answers").rows])
    assert '"ana"' not in words and '"person-1"' in words and "longer" in words
    pairs = asking.query(db, ANA, key, "SELECT winner, winner_maker, value, answer FROM answers")
    assert all(row[2].startswith("{") for row in pairs.rows)
    tables = asking.described(db, ANA, key)
    assert all(f"{name} (" in tables for name in asking.SHEETS)


def test_only_those_who_may_see_results_ask(answered):
    db, key = answered
    for who in (Identity("x", frozenset({"annotator"})), Identity("x", frozenset())):
        with pytest.raises(Denied):
            asking.query(db, who, key, SQL)
        with pytest.raises(Denied):
            asking.described(db, who, key)
        with pytest.raises(Denied):
            asking.ask(db, who, key, Ask(name="a", model="m"), "How many?")
    assert asking.query(db, Identity("x", frozenset({"auditor"})), key, SQL).rows


def test_a_question_is_answered_and_noted(answered):
    db, key = answered
    with OpenAIServer(told) as server:
        made = Ask(name="a", model="m", base_url=server.url)
        found = asking.ask(db, ANA, key, made, "How many answers  has each?")
        again = asking.ask(db, ANA, key, made, "How many answers has each?")
    assert found.words == "Two each." and found.found.columns == ("rater", "n")
    assert len(server.requests) == 2, "the second time the ledger answers"
    assert again.found.rows == found.found.rows
    assert '"ana"' not in json.dumps(server.requests) and "'ana'" not in str(server.requests)
    with db.read() as connection:
        study = studies.load(db, key, connection)
        noted = study_rows.events(connection, study.id, ["asked"])
    assert len(noted) == 2 and noted[0].data["sql"] == SQL and noted[0].data["calls"][0]


def test_what_cannot_be_asked_is_said(answered):
    db, key = answered
    for words in ("", "  ", "x" * 2000):
        with pytest.raises(Invalid):
            asking.ask(db, ANA, key, Ask(name="a", model="m"), words)
    with pytest.raises(Invalid, match="only SELECT"):
        asking.query(db, ANA, key, "DELETE FROM answers")
    before = studies.load(db, key).revision

    def dropping(body):
        return {**told(body), "sql": "DROP TABLE answers"}

    with OpenAIServer(dropping) as server, pytest.raises(CallFailed):
        asking.ask(db, ANA, key, Ask(name="a", model="m", base_url=server.url), "Drop it.")
    assert studies.load(db, key).revision == before
    assert asking.query(db, ANA, key, "SELECT count(*) FROM answers").rows[0][0] > 0
