"""Orders and marked places: distances by hand, and what is refused."""

import pytest

from core.content.text import TextContent
from core.questions.ranking import Ranking
from core.questions.span import Span
from core.units import Invalid, Shown, Unit

RANK = Ranking(name="order", title="Order", partial=True)
SPAN = Span(name="err", title="Mark", types=["wrong", "vague"], missing={"detail": ""},
            evidence=True, needs_evidence=("wrong",))  # fmt: skip
TEXT = "😀 cafe\u0301 שלום"
SHOWN = (Shown("a", TextContent(TEXT)),)
UNIT = Unit("u", "i", {"source": TextContent("the source")}, SHOWN, ("a",))
PROOF = [{"field": "source", "start": 4, "end": 10, "quote": "source"}]


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([["a"], ["b"], ["c"]], [["c"], ["b"], ["a"]], 1.0),
        ([["a"], ["b"], ["c"]], [["b"], ["a"], ["c"]], 1 / 3),
        ([["a"], ["b"], ["c"]], [["a", "b"], ["c"]], 1 / 6),
        ([["a"], ["b"]], [["a"]], 1.0),
        ([["a"], ["b"], ["c"]], [["a"], ["c"]], 0.0),
    ],
)
def test_kendall_with_ties_and_left_out_ones(one, two, expected):
    assert RANK.distance({"order": one}, {"order": two}) == pytest.approx(expected)
    assert RANK.distance({"order": two}, {"order": one}) == pytest.approx(expected)


def test_spans_are_compared_by_character_and_type():
    def value(start, end, kind="vague"):
        return {"spans": [{"output": "a", "start": start, "end": end, "type": kind}], "missing": []}

    assert SPAN.distance(value(0, 4), value(2, 6)) == pytest.approx(0.5)
    assert SPAN.distance(value(0, 4), value(0, 4, "wrong")) == 1.0
    assert SPAN.distance({"spans": [], "missing": []}, {"spans": [], "missing": []}) == 0.0


def span(start, end, **more):
    return {"spans": [{"output": "a", "start": start, "end": end, "type": "vague", **more}]}


def test_offsets_count_code_points():
    kept = SPAN.check(span(2, 7), UNIT)["spans"][0]
    assert kept["quote"] == "cafe\u0301" and TEXT[8:12] == "שלום"
    assert SPAN.check(span(8, 12, quote="שלום"), UNIT)["spans"][0]["end"] == 12


@pytest.mark.parametrize(
    "wrong",
    [
        span(0, 13), span(-1, 2), span(3, 3), span(True, 2), span(0, 2, quote="xx"),
        span(0, 2, type="other"), span(0, 2, type="wrong"), span(0, 2, output="z"),
        {"spans": [*span(0, 2)["spans"] * 2]}, {"missing": [{"type": "nothing"}]},
    ],
)  # fmt: skip
def test_what_does_not_stand_there_is_refused(wrong):
    with pytest.raises(Invalid, match=r"^err: "):
        SPAN.check(wrong, UNIT)


def test_evidence_and_missing_pieces_come_back_from_a_reply():
    value = SPAN.check(
        {"spans": [{"output": "a", "start": 8, "end": 9, "type": "wrong", "evidence": PROOF}],
         "missing": [{"type": "detail", "note": "the year", "evidence": PROOF}]}, UNIT
    )  # fmt: skip
    assert SPAN.read(SPAN.reply(value, UNIT), UNIT) == value
    assert SPAN.codes(value, UNIT)[""] == 1


@pytest.mark.parametrize("wrong", [[["a"], ["a"]], [["z"]], [[]], "a", [["a", 1]]])
def test_orders_that_are_none(wrong):
    two = Unit("u", "i", {}, tuple(Shown(k, TextContent(k)) for k in "ab"), ("a", "b"))
    with pytest.raises(Invalid, match=r"^order: "):
        RANK.check({"order": wrong}, two)
