"""What workers made, measured: pass@k, success after k turns, overlap with its null."""

import pytest

from core.services.access import Denied, Identity
from core.services.measures import measures
from core.workers.base import load
from storage import items, outputs
from storage import studies as study_rows
from storage.database import Database
from tests.services.chains import OWNER, study

NAMES = [f"word{letter}stone" for letter in "abcdefghijklmnopqrstuvwxyz"]
WORKERS = [
    {"kind": "execute", "name": "tests"},
    {"kind": "act", "name": "bare", "model": "m"},
    {"kind": "act", "name": "fed", "model": "m", "feedback": "textual"},
    {"kind": "match", "name": "match", "model": "m"},
]


def made(db, count=24):
    """A study with outputs as those workers would have written them."""
    found = study(db, WORKERS, count=count)
    with db.write() as connection:
        ids = items.item_ids(connection, found.id)
        rater = {w["name"]: study_rows.rater(
            connection, found.id, load(w).rater, load(w).digest, name=w["name"],
            spec=load(w).definition()) for w in WORKERS}  # fmt: skip
        rows = []
        for n, item in enumerate(ids.values()):

            def add(key, role, worker=None, data="x", parent="", item=item, **facts):
                rows.append((parent, {
                    "item": item, "key": key, "role": role, "source": "coder",
                    "rater": rater.get(worker),
                    "content": {"kind": "text", "data": data} | ({"facts": facts} if facts else {}),
                }))  # fmt: skip

            for sample in range(3):
                add(f"a{sample}", "answer")
                add(f"r{sample}", "result", "tests", parent=f"a{sample}",
                    passed=(n + sample) % 3 == 0, right=n % 3, asked=3)  # fmt: skip
            solved = n % 2 + 1 if n % 4 < 2 else None
            add("t1", "trajectory", "bare", success=solved is not None, solved_at=solved, k=5,
                feedback="none", gold=False)  # fmt: skip
            add("t2", "trajectory", "fed", success=n % 4 < 3, solved_at=3 if n % 4 < 3 else None,
                k=5, feedback="textual", gold=False)  # fmt: skip
            add("p1", "points", "match", f"about {NAMES[n]}")
            add("p2", "points", "match", f"the {NAMES[n]}")
            add("m", "match", "match", first="p1", second="p2", hit_rate=1.0, jaccard=0.5)
        outputs.add_tree(connection, found.id, rows)
    return found


@pytest.fixture
def found(sqlite_url):
    db = Database(sqlite_url)
    key = made(db).key
    yield {(m.worker, m.name): m for m in measures(db, OWNER, key)}, db, key
    db.close()


def test_samples_of_one_item_give_pass_at_k(found):
    by_name, _, _ = found
    one, three = by_name["tests", "pass@1"].estimate, by_name["tests", "pass@3"].estimate
    assert one.value == pytest.approx(1 / 3) and three.value == 1.0 and one.n == 24
    assert by_name["tests", "pass@1"].maker == "coder"
    assert by_name["tests", "passed"].estimate.value == pytest.approx(1 / 3)
    assert ("tests", "pass@5") not in by_name


def test_trajectories_give_success_by_turn_and_what_feedback_adds(found):
    by_name, _, _ = found
    assert by_name["bare", "SR_1"].estimate.value == 0.25
    assert by_name["bare", "SR_2"].estimate.value == by_name["bare", "SR_5"].estimate.value == 0.5
    assert (
        by_name["fed", "SR_2"].estimate.value == 0 and by_name["fed", "SR_3"].estimate.value == 0.75
    )
    assert by_name["bare", "slope"].estimate.value == pytest.approx(0.05)
    gain = by_name["fed", "delta feedback over bare"].estimate
    assert gain.value == 0.25 and gain.low > 0 and gain.n == 24
    assert not [name for worker, name in by_name if worker == "bare" and "delta" in name]


def test_overlap_stands_beside_what_chance_gives(found):
    by_name, _, _ = found
    assert by_name["match", "hit_rate"].estimate.value == 1.0
    assert by_name["match", "hit rate by words"].estimate.value == 1.0
    chance = by_name["match", "hit rate by words, shuffled"].estimate
    assert chance.value < 0.2
    assert len(chance.detail["rounds"]) == 20
    row = by_name["match", "jaccard"].row()
    assert (row["worker"], row["role"], row["value"], row["n"]) == ("match", "match", 0.5, 24)


def test_only_those_who_may_see_results_see_them(found):
    _, db, key = found
    with pytest.raises(Denied):
        measures(db, Identity("x", frozenset({"annotator"})), key)
