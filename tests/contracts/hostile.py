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
FUZZ = settings(
    max_examples=10_000 if NIGHTLY else 300,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
