"""Values that nobody should send, and somebody will."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.conftest import NIGHTLY

TRICKY = st.sampled_from(
    ["", " ", "\x00", "\ud800", "A", "B", "C", "a", "tie", "both_bad", "first", "second", "third",
     "n/a", "yes", "true", "null", "1", "-1", "1.0", "NaN", "1e999", "<script>", "../../etc",
     "A" * 300, "\u202e", "é", "e\u0301", "𝔸", 10**30, -(10**30), 0.1, 1.0, True, False, None,
     float("nan"), float("inf"), b"bytes", (), [], {}, {"winner": []}, {"winner": {}},
     {"winner": "first", "verdict": []}, {"winner": None, "verdict": {}}, {"winner": None},
     {"winner": "first", "x": 1}, {1: 2}, {"winner": "nobody"}, object]
)  # fmt: skip
TEXTS = st.text(st.characters(), max_size=30)  # half pairs and controls included
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, TRICKY)
KEYS = st.one_of(
    TEXTS, st.sampled_from(["winner", "verdict", "role", "content", "from", "value", "kind"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=8,
)
BOUNDS = st.sampled_from(
    [-1, 0, 1, 2, 5, 10, 11, 99, 100, 101, 2**31, 2**53 + 1, -0.0, 0.5, 1e-9, 1e15, 1.1e15, 1e308,
     "a" * 10_001, "x\ny", " yes", "yes", "no", "accept", "edit", "reject", "right", "wrong",
     "clear", ["first"], {"answers": {}}, {"first_error": -1}, {"verdict": "edit", "text": " "}]
)  # fmt: skip


def fuzz(nightly, quick):
    """Settings of a generated test: so many examples by night, and in every run."""
    return settings(
        max_examples=nightly if NIGHTLY else quick,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


FUZZ = fuzz(10_000, 300)


@st.composite
def near(draw, value):
    """A value like this one: the same, or with one part replaced, left out, or put in."""
    part = st.one_of(LEAVES, BOUNDS, VALUES)
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        rest = {k: v for k, v in value.items() if k != key}
        what = draw(st.sampled_from(["inside", "inside", "out", "more", "renamed"]))
        if what == "inside":
            return {**rest, key: draw(near(value[key]))}
        if what == "out":
            return rest
        return {**(value if what == "more" else rest), draw(KEYS): draw(part)}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        place = draw(st.integers(0, len(value) - 1))
        what = draw(st.sampled_from(["inside", "out", "twice"]))
        new = {"inside": [draw(near(value[place]))], "out": [], "twice": [value[place]] * 2}[what]
        return [*value[:place], *new, *value[place + 1 :]]
    return value if not draw(st.integers(0, 3)) else draw(part)
