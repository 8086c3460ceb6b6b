"""The nearest-answer rater over a study's own scored answers, leave-one-out."""

import asyncio

import pytest
from sqlalchemy import update

from core.protocol import from_data
from core.services import material, past_answers, runner, runs, studies
from core.services.runs import NothingToDo
from core.services.studies import Refused
from core.workers.nearest import Nearest
from storage import items
from storage.tables import Item
from tests.services.answers import answer
from tests.services.pairs import OWNER

TEXTS = {"o1": "ice melts in warm sun", "o2": "ice melts in the sun", "o3": "nobody knows why",
         "o4": "nobody really knows"}  # fmt: skip
SCORES = {"o1": 5, "o2": 5, "o3": 1, "o4": 1}


@pytest.fixture
def study(db):
    """One problem with four answers, each shown by itself; two scored by a person, two known."""
    asked = [{"kind": "rating", "name": "quality", "title": "How good", "about": "output"}]
    made = studies.create(db, OWNER, from_data(
        {"name": "scored", "title": "Scored", "questions": asked, "units": "each"}
    ))  # fmt: skip
    text = lambda words: {"kind": "text", "data": words}
    gold = {f"quality/{k}": SCORES[k] for k in ("o3", "o4")}
    with db.write() as connection:
        items.add_items(connection, made.id, [
            {"key": "p", "content": {"prompt": text("Why?")}, "meta": {}, "gold": gold}
        ])  # fmt: skip
        ids = items.item_ids(connection, made.id)
        items.add_outputs(connection, made.id, (
            {"item": ids["p"], "key": k, "content": text(t)} for k, t in TEXTS.items()
        ))  # fmt: skip
        material.add_missing_units(connection, made)
    return studies.load(db, "scored")


def test_each_answer_gets_the_score_of_its_neighbour(db, study):
    answer(db, study, "quality", "person", "ann", {"p/o1": 5, "p/o2": 5})
    made = past_answers.fitted(db, OWNER, "scored", problem="prompt", name="near")
    held = {past.key: past.values["quality"] for past in made.past}
    assert held == {f"p/{k}": v for k, v in SCORES.items()}
    runs.add_worker(db, OWNER, "scored", made)
    run = runs.start(db, OWNER, "scored", made)
    asyncio.run(runner.execute(db, run))
    assert runs.status(db, OWNER, run).done == 4
    from storage import studies as study_rows
    from storage import votes

    with db.read() as connection:
        rater = study_rows.rater_key(connection, study.id, "rule", made.digest)
        units = {i: u.key for i, u in material.all_units(connection, study)}
        rows = votes.standing(connection, list(units), [rater], list(study.wordings.values()))
    assert {units[r.unit]: int(r.value) for r in rows} == {f"p/{k}": v for k, v in SCORES.items()}


def test_without_scores_it_says_what_is_needed(db, study):
    with pytest.raises(Refused, match="'body'"):
        past_answers.fitted(db, OWNER, "scored", problem="body")


def test_without_a_past_of_its_own_it_takes_the_study_s_when_a_run_starts(db, study):
    bare = Nearest(name="near")
    assert runs.plan(db, OWNER, "scored", bare).work == 4
    answer(db, study, "quality", "person", "ann", {"p/o1": 5, "p/o2": 5})
    made = past_answers.fitted(db, OWNER, "scored", problem="prompt", name="near")
    run = runs.start(db, OWNER, "scored", bare)
    asyncio.run(runner.execute(db, run))
    assert runs.status(db, OWNER, run).done == 4
    with db.read() as connection:
        from storage import studies as study_rows

        assert study_rows.rater_key(connection, study.id, "rule", made.digest) is not None
    with pytest.raises(NothingToDo, match="judged every unit"):
        runs.start(db, OWNER, "scored", bare)


def test_with_nothing_to_copy_it_says_so(db, study):
    with pytest.raises(NothingToDo, match=r"nothing is scored yet .* 'body'"):
        runs.start(db, OWNER, "scored", Nearest(name="near", problem="body"))


def test_what_it_could_copy_is_seen_once_people_have_answered(db, study):
    with db.write() as connection:
        connection.execute(update(Item.__table__).values(gold=None))
    bare = Nearest(name="near")
    assert runs.plan(db, OWNER, "scored", bare).work == 0
    answer(db, study, "quality", "person", "ann", {"p/o1": 5, "p/o2": 5})
    assert runs.plan(db, OWNER, "scored", bare).work == 4
