"""The Outcomes page: measures of what workers made, and what it says when there are none."""

from tests.pages.conftest import words
from tests.services.test_measures import made


def test_measures_are_drawn_and_listed(workspace, opened):
    made(workspace)
    page = opened("outcomes", who="ana", study="made")
    assert {"pass@1", "SR_5", "jaccard"} <= set(page.selectbox(key="measure-outcomes").options)
    assert "pass@1" in list(page.table[0].value["measure"])


def test_without_outputs_it_says_what_would_make_some(small, opened):
    assert "Nothing measured yet" in words(opened("outcomes", who="ana", study="small"))
