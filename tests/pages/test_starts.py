"""A question that the form adds is one that can be saved."""

import pytest

from core.questions.base import load, questions
from pages.widgets.form_rows import STARTS


@pytest.mark.parametrize("kind", list(questions))
def test_a_fresh_question_of_a_kind_is_whole(kind):
    fresh = {"kind": kind, "name": f"{kind}_1", "title": f"New {kind}", **STARTS.get(kind, {})}
    assert load(fresh).kind == kind
