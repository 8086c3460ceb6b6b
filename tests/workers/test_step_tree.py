"""The search over a pool of wrong rollouts: its rule, and what it finds in a scripted world."""

import itertools
import json

import pytest

from core.workers.step_tree import State, StepTree
from tests.workers.scripted import unit, work

MADE = StepTree(name="t", model="m", searches=3, rollouts=4)


def test_the_rule_of_the_pool():
    """Q = alpha ** (1 - MC) * beta ** (len / L), U = c * sqrt(sum of N) / (1 + N)."""
    long = tuple(["word " * 100] * 5)
    assert MADE.quality(0.5, long) == pytest.approx(0.5**0.5 * 0.9) == pytest.approx(0.636396)
    assert MADE.quality(1.0, ()) == 1 and MADE.quality(0.0, ()) == 0.5
    assert MADE.novelty(4, 1) == pytest.approx(0.125) and MADE.novelty(0, 0) == 0


def test_hopeful_short_and_seldom_searched_ones_come_first():
    low, high = State((), 0.25, [("a",)]), State(("x",), 0.75, [("b " * 900,), ("b",)])
    assert MADE.chosen([low, high]) == (high, ("b",))
    high.visits = 40
    assert MADE.chosen([low, high])[0] is low, "what was searched often waits"
    sure, lost = State(("y",), 1.0, [("c",)]), State(("z",), 0.0, [("d",)])
    assert MADE.chosen([sure, lost]) is None, "there is nothing to learn from either"


def world(body, count):
    """Every second rollout goes wrong at its second step; none ends right once that is begun."""
    begun = body["messages"][1]["content"].split(" beginning\n")[1].split("\nEND")[0]
    number = next(count)
    lost = "bad" in begun
    second = f"bad: {number} is wrong" if number % 2 and not lost else f"{number} is fine"
    answer = "5" if lost or number % 2 else "4"
    return json.dumps({"rest": f"one\n{second}\nthree\nfour", "answer": answer})


def test_it_finds_the_step_where_hope_ends():
    count = itertools.count()
    shown = unit({"prompt": "2 + 2?", "reference": "4"})
    drafts, sent, _ = work(MADE, shown, lambda body: world(body, count))
    root = drafts[0]
    assert root.key == "s0" and root.parent == "" and root.facts["value"] == 0.5
    assert root.facts["searches"] == 3 and len(sent) == 4 * len(drafts)
    assert all("bad" in one["step"] for one in root.facts["found"])
    by_key = {draft.key: draft for draft in drafts}
    for draft in drafts[1:]:
        above = by_key[draft.parent].content.text()
        assert draft.content.text().startswith(above) or above == "(nothing yet)"
        if "bad" in draft.content.text():
            assert draft.facts["value"] == 0 and draft.facts["interval"][0] == 0


def test_where_all_or_none_ends_right_there_is_nothing_to_search():
    shown = unit({"prompt": "2 + 2?", "reference": "4"})
    for answer, value in (("4", 1), ("5", 0)):
        reply = json.dumps({"rest": "so", "answer": answer})
        [only], sent, _ = work(MADE, shown, lambda body, reply=reply: reply)
        assert only.facts["value"] == value and only.facts["searches"] == 0 and len(sent) == 4
