"""Importing: wholly or not at all, once, and counted like any other answers."""

import pytest

from core.imports.base import File, ImportFailed
from core.imports.mapping import from_yaml
from core.services import assignment, material, studies, transfer
from core.services.access import Denied, Identity
from core.services.studies import NoStudy, Refused
from storage import chain

OWNER = Identity("owner")
MAPPING = """
study:
  name: pairs
  title: Pairs
  assignment: {overlap: 2}
  questions: [{kind: pairwise, name: better, title: Which is better}]
items:
  file: pairs.csv
  key: id
  fields: {prompt: prompt}
  responses: {a: {column: one, source: {constant: model one}}, b: two}
  meta: [topic]
  gold: {better: {column: gold, values: {1: a, 2: b}}}
judgments:
  - question: better
    kind: person
    raters: {ann: ann, ben: ben}
    values: &winner {0: tie, 1: a, 2: b}
  - file: votes.jsonl
    question: better
    kind: model
    rater: "{llm}/{prompt}"
    value: winner
    values: *winner
    rationale: why
    confidence: sure
    repeat: {column: order}
"""
PAIRS = b"""id,prompt,one,two,topic,gold,ann,ben
i1,Why?,Because.,It is.,x,1,1,1
i2,How?,So.,Thus.,y,,2,
"""
VOTES = b"""{"id": "i1", "llm": "m", "prompt": "p", "winner": 1, "why":"it is","sure":0.5,"order":0}
{"id": "i1", "llm": "m", "prompt": "p", "winner": 2, "order": 1}
"""


def given(pairs=PAIRS, votes=VOTES):
    return [File("pairs.csv", pairs), File("votes.jsonl", votes)]


def bring(db, pairs=PAIRS, votes=VOTES, mapping=MAPPING, **options):
    return transfer.run_import(db, OWNER, given(pairs, votes), from_yaml(mapping), **options)


def problems(db, pairs=PAIRS, votes=VOTES, mapping=MAPPING):
    with pytest.raises(ImportFailed) as failed:
        bring(db, pairs, votes, mapping)
    return [str(problem) for problem in failed.value.problems]


def rows(db, table):
    with db.read() as connection:
        return connection.exec_driver_sql(f"select count(*) from {table}").scalar()


def test_an_import_makes_the_study_and_counts_people_towards_the_overlap(db):
    heard = []
    done = bring(db, tell=lambda count, total: heard.append((count, total)))
    assert (done.created, done.new_items, done.units, done.new_judgments) == (True, 2, 2, 5)
    assert done.missing == {"gold": 1, "ben": 1} and heard[-1] == (5, 5)
    with db.read() as connection:
        units = connection.exec_driver_sql("select taken, closed from unit order by id").fetchall()
        study = studies.load(db, "pairs", connection)
        assert not [b for b in chain.verify(connection, study.id) if isinstance(b, chain.Break)]
    assert [tuple(u) for u in units] == [(2, 1), (1, 0)]


def test_nobody_is_asked_what_was_imported(db):
    bring(db)
    studies.set_state(db, OWNER, "pairs", "open")
    assert assignment.current(db, Identity("ann"), "pairs") is None
    ticket = assignment.current(db, Identity("eva"), "pairs")
    assert ticket is not None and ticket.unit.key == "i2"
    assert assignment.at(db, Identity("ann"), "pairs", 2).answers == {"better": {"winner": "b"}}


def test_the_same_again_adds_nothing_and_more_adds_the_rest(db):
    bring(db)
    before = {t: rows(db, t) for t in ("item", "judgment", "rater", "assignment", "event")}
    again = bring(db)
    assert (again.created, again.new_items, again.new_judgments) == (False, 0, 0)
    assert {t: rows(db, t) for t in before} == before
    more = bring(db, PAIRS.replace(b"y,,2,", b"y,,2,1") + b"i3,When?,Now.,Later.,z,2,1,1\n")
    assert (more.new_items, more.units, more.new_judgments) == (1, 1, 3)
    with db.read() as connection:
        closed = connection.exec_driver_sql("select sum(closed) from unit").scalar()
    assert closed == 3


def test_judgments_alone_may_come_later(db):
    bring(db, votes=b'{"id": "i9", "winner": null}', mapping=MAPPING.split("  - file: votes")[0])
    part = "  - file: votes" + MAPPING.split("  - file: votes")[1]
    only = "judgments:\n" + part.replace("*winner", "{1: a, 2: b}").replace(
        "question: better", "key: id\n    question: better"
    )
    done = bring(db, mapping=only, study="pairs")
    assert (done.items, done.new_judgments) == (0, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pairs": PAIRS.replace(b"x,1,1,1", b"x,1,7,1")}, "line 2, ann: expected one of"),
        ({"pairs": PAIRS.replace(b"i2,How?", b"i1,How?")}, "pairs.csv, line 3, id: expected a key"),
        ({"pairs": PAIRS.replace(b"i2,How?", b",How?")}, "pairs.csv, line 3, id: expected a text"),
        ({"pairs": PAIRS.replace(b",ben", b",bob")}, "ben: expected a column of this name"),
        ({"pairs": PAIRS.replace(b"How?", b"")}, "line 3, prompt: expected something to judge"),
        ({"votes": VOTES.replace(b'"i1"', b'"i7"', 1)}, "votes.jsonl, line 1, id"),
        ({"votes": VOTES.replace(b'"order": 1', b'"order": 0')}, "line 2, better: expected one"),
        ({"votes": VOTES.replace(b"0.5", b'"high"')}, "line 1, sure: expected a number"),
        ({"votes": VOTES.replace(b'"order": 1', b'"order": -1')}, "line 2, order"),
        ({"votes": VOTES.replace(b'"llm": "m"', b'"llm": ""', 1)}, "line 1, llm"),
        ({"votes": VOTES.replace(b"it is", b"it\\u0000is")}, "line 1, why"),
        ({"mapping": MAPPING.replace("ann: ann", "'a\u202e': ann")}, "a person's name"),
        ({"mapping": MAPPING.replace("{1: a, 2: b}}}", "{1: c, 2: b}}}")}, "line 2, gold"),
        ({"mapping": MAPPING.replace("{prompt: prompt}", "{text: prompt}")}, "field of the study"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_and_nothing_is_written(db, change, said):
    found = problems(db, **change)
    assert any(said in line for line in found), found
    assert not any(rows(db, t) for t in ("study", "item", "judgment", "rater", "event"))


def test_known_items_and_answers_cannot_change_by_import(db):
    bring(db)
    found = problems(db, PAIRS.replace(b"Because.", b"Never."))
    assert "the same outputs as item 'i1'" in found[0] and "line 2" in found[0]
    found = problems(db, PAIRS.replace(b"x,1,1,1", b"x,1,2,1"))
    assert "pairs.csv, line 2, better: expected the answer that ann gave before" in found[0]
    assert rows(db, "judgment") == 5


def test_a_preview_shows_units_and_writes_nothing(db):
    found = transfer.preview(db, OWNER, given(), from_yaml(MAPPING))
    assert (found.items, found.new_items, found.judgments, found.gold) == (2, 2, 5, 1)
    assert found.units[0].outputs[0].source == "model one"
    assert found.raters == {"person: ann": 2, "person: ben": 1, "model: m/p": 2}
    assert rows(db, "study") == 0
    bad = transfer.preview(db, OWNER, given(PAIRS + b"x\n"), from_yaml(MAPPING))
    assert bad.problems and bad.problems[0].place.line == 4


def test_who_may_and_where_to(db):
    mapping = from_yaml(MAPPING)
    with pytest.raises(Denied):
        transfer.run_import(db, Identity("a", frozenset({"annotator"})), given(), mapping)
    with pytest.raises(NoStudy):
        bring(db, mapping=MAPPING[MAPPING.index("items:") :])
    assert bring(db, study="other").study == "other"
    assert transfer.create_study_from(db, OWNER, given(), mapping, "Mine").study == "pairs"
    assert studies.load(db, "pairs").title == "Mine"
    with pytest.raises(Refused, match="exists"):
        transfer.create_study_from(db, OWNER, given(), mapping)
    studies.set_state(db, OWNER, "pairs", "open")
    studies.set_state(db, OWNER, "pairs", "closed")
    with pytest.raises(Refused, match="closed"):
        bring(db)


def test_outputs_judged_one_by_one(db):
    mapping = MAPPING[: MAPPING.index("judgments:")].replace(
        "[{kind: pairwise, name: better, title: Which is better}]",
        "[{kind: rating, name: good, title: How good}]\n  units: each",
    ).replace("{better: {column: gold, values: {1: a, 2: b}}}", "{good/a: gold}") + (
        "judgments:\n  - {question: good, kind: person, raters: {ann: ann}, "
        "outputs: [{constant: b}]}\n"
    )  # fmt: skip
    done = bring(db, mapping=mapping)
    assert (done.units, done.new_judgments) == (4, 2)
    with db.read() as connection:
        study = studies.load(db, "pairs", connection)
        gold = {u.key: u.gold for _, u in material.all_units(connection, study)}
    assert gold["i1/a"] == {"good": 1} and not gold["i1/b"]
