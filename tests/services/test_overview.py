"""What a study has come to, seen by a person."""

import pytest

from core.services import answering, assignment, studies
from core.services.access import Denied, Identity
from core.services.overview import overview
from core.services.studies import NoStudy
from tests.services.conftest import ANA, BEN

A = {"winner": "a"}


def test_a_fresh_study(db, study):
    seen = overview(db, ANA, "small")
    assert (seen.items, seen.units, seen.closed, seen.judgments) == (6, 6, 0, 0)
    assert (seen.answered, seen.skipped, seen.left, seen.raters) == (0, 0, 6, {})


def test_answers_skips_and_reservations_are_told_apart(db, study):
    held = assignment.current(db, ANA, "small")
    held = answering.submit(db, ANA, held, {"better": A, "why": "so"}, follow=True).next
    answering.skip(db, ANA, held, "unclear")
    assignment.current(db, ANA, "small")
    seen = overview(db, ANA, "small")
    assert (seen.answered, seen.skipped, seen.waiting, seen.open) == (1, 1, 1, 3)
    assert seen.judgments == 2 and seen.raters == {"person": 1}
    assert overview(db, BEN, "small").left == 6


def test_units_with_enough_answers_are_closed_to_everybody(db, study):
    for who in (ANA, BEN):
        held = assignment.current(db, who, "small")
        while held:
            held = answering.submit(db, who, held, {"better": A}, follow=True).next
    seen = overview(db, Identity("cleo"), "small")
    assert (seen.closed, seen.left) == (6, 0)


def test_nothing_is_left_while_the_study_takes_no_answers(db, study):
    studies.set_state(db, ANA, "small", "paused")
    seen = overview(db, ANA, "small")
    assert (seen.open, seen.left, seen.takes_answers) == (6, 0, False)


def test_a_strange_study_and_a_strange_role(db, study):
    with pytest.raises(NoStudy, match="small"):
        overview(db, ANA, "nowhere")
    with pytest.raises(Denied):
        overview(db, Identity("guest", frozenset()), "small")
