"""Corrections of a table, field by field."""

import pytest

from core.content.table import Table
from core.content.text import TextContent
from core.questions.correction import Correction
from core.units import Invalid, Shown, Unit

RECORD = Correction(name="record", title="Put the record right")
PLAN = Table.parse([
    {"day": "Monday", "visit": "Castle ", "cost": 18, "rain": False, "note": None},
    {"day": "Tuesday", "visit": "Cellars", "cost": 12.5, "rain": True, "note": "book"},
])  # fmt: skip
FORM = Table.parse({"name": "Ada", "age": 36})
TEXT = {"text": TextContent("One.\nTwo.")}
UNIT = Unit("u", "i", TEXT, (Shown("a", PLAN),), ("a",))


def fixes(**cells):
    """Corrections by `row__column`."""
    return {"cells": [{"cell": k.replace("__", "/").lstrip("r"), "value": v}
                      for k, v in cells.items()]}  # fmt: skip


def test_only_real_corrections_are_kept_in_the_type_of_their_field_and_in_order():
    given = fixes(r2__cost="13", r2__rain=" FALSE", r1__cost="18.0", r1__visit="Castle",
                  r1__note="", r2__note="  ")  # fmt: skip
    value = RECORD.check(given, UNIT)
    assert value == fixes(r2__cost=13, r2__rain=False, r2__note=None)
    assert RECORD.check(value, UNIT) == value
    codes = RECORD.codes(value, UNIT)
    assert codes[""] == 7 and codes["cell @ 2/cost"] == 1 and codes["cell @ 1/cost"] == 0
    assert len(codes) == 11
    assert RECORD.describe(value, UNIT).startswith("2 cost: “12.5” → “13”; 2 rain: “true” → ")
    assert RECORD.describe(fixes(), UNIT) == "every field is right"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("20", 20), ("-3", -3), ("1e3", 1000.0), ("2.50", 2.5), ("nan", "nan"), ("1e99", "1e99"),
     ("about 20", "about 20"), (20, 20), (True, "true"), ("", None), (None, None)],
)  # fmt: skip
def test_a_number_stays_a_number_where_it_is_one(written, kept):
    value = RECORD.check(fixes(r1__cost=written), UNIT)
    assert value == fixes(r1__cost=kept)
    assert type(value["cells"][0]["value"]) is type(kept)
    assert RECORD.check(value, UNIT) == value
    assert RECORD.read(RECORD.reply(value, UNIT), UNIT) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [(fixes(r9__cost=1), "correction 1, cell"), (fixes(r1__cost=[1]), "correction 1, value"),
     (fixes(r1__cost="x" * 2001), "at most 2,000"), (fixes(r1__visit="a\0"), "correction 1, value"),
     (fixes(r1__cost=float("inf")), "correction 1, value"), ({"cells": "a"}, "a list"),
     ({"cells": [{"cell": "1/cost"}]}, "correction 1"), ({}, "expected"), (None, "expected"),
     ({"cells": fixes(r1__cost=1)["cells"] * 2}, "corrected twice"),
     ({"cells": [{"cell": ["1/cost"], "value": 1}]}, "correction 1, cell")],
)  # fmt: skip
def test_what_is_no_correction(value, words):
    with pytest.raises(Invalid, match=f"^record: .*{words}"):
        RECORD.check(value, UNIT)


def test_models_see_numbers_and_answer_in_texts():
    [(title, shown)] = RECORD.material(UNIT)
    assert shown.text().splitlines()[2] == "[3] 1 / cost: 18" and title in RECORD.instruct(UNIT)
    value = RECORD.check(fixes(r1__cost=20, r2__note=None), UNIT)
    reply = RECORD.reply(value, UNIT)
    assert reply == {"corrections": [{"cell": 3, "value": "20"}, {"cell": 10, "value": ""}]}
    assert RECORD.read(reply, UNIT) == value
    for wrong in (0, 11, True, "3", None):
        with pytest.raises(Invalid, match="correction 1, cell"):
            RECORD.read({"corrections": [{"cell": wrong, "value": "1"}]}, UNIT)


def test_names_are_not_offered_and_columns_may_be_chosen():
    unit = Unit("u", "i", {}, (Shown("a", FORM),), ("a",))
    assert [cell.id for cell in RECORD.fields(unit)] == ["name/value", "age/value"]
    assert [cell.fixed for cell in RECORD.grid(unit)[0]] == [True, False]
    ranks = Unit("u", "i", {}, (Shown("a", Table.parse([{"rank": 1}, {"rank": 2}])),), ("a",))
    assert [cell.id for cell in RECORD.fields(ranks)] == ["1/rank", "2/rank"]  # no names of rows
    some = Correction(name="record", title="Right?", columns=("cost",))
    assert [cell.id for cell in some.fields(UNIT)] == ["1/cost", "2/cost"]
    with pytest.raises(Invalid, match="expected a field that may change"):
        some.check(fixes(r1__visit="x"), UNIT)
    with pytest.raises(Invalid, match="no column “price”"):
        Correction(name="record", title="Right?", columns=("price",)).fields(UNIT)


def test_the_parts_of_a_text_are_fields_too():
    lines = Correction(name="record", title="Right?", within="text")
    first, second = lines.fields(UNIT)
    value = lines.check({"cells": [{"cell": second.id, "value": "Three."}]}, UNIT)
    assert lines.codes(value, UNIT)[""] == 5 and first.value == "One."
    with pytest.raises(Invalid, match="nothing to correct"):
        Correction(name="record", title="Right?", within="nothing").fields(UNIT)
    with pytest.raises(Invalid, match="there are 10 fields"):
        Correction(name="record", title="Right?", most=9).fields(UNIT)


def test_answers_are_compared_by_their_corrections():
    one = fixes(r1__cost=20, r1__visit="Bridge")
    assert RECORD.distance(one, fixes(r1__cost=20)) == pytest.approx(1 - 2 / 3)
    assert RECORD.distance(one, fixes()) == 1 and RECORD.distance(fixes(), fixes()) == 0
    assert RECORD.distance(fixes(r1__cost=20), fixes(r1__cost=21)) == 1
