"""What follows an answer: a second look with the models' verdict, or what a round says to it."""

from collections.abc import Mapping
from typing import Any

from core.services import assignment, grading, material, pools, verdicts
from core.services.answer_rows import Place
from core.services.choosing import Choice, Setting
from core.services.grading import Feedback
from core.services.studies import Refused
from core.services.tickets import Ticket
from core.services.verdicts import FIRST, reveal_arm, stands
from core.telling import Told
from storage import assignments


def changeable(at: Place) -> None:
    """Raise `Refused` where an answer has to stay: its verdict or solution was shown."""
    if at.row.stage == "training":
        raise Refused(Told("answers in a round stay as they are; nothing was stored"))
    if stands(at.connection, at.row):
        raise Refused(
            Told(
                "the models' answer has been shown, so the first answer stays; change it in the "
                "second look"
            )
        )


def second_look(at: Place) -> Ticket | None:
    """The same unit once more with the models' verdict, where the person's arm is to see it now."""
    row = at.row
    if row.state == "submitted" or row.stage not in FIRST or reveal_arm(row.arm) != "after":
        return None
    if not verdicts.verdicts(at.connection, at.study, at.held.unit, at.held.unit_id):
        return None
    standing = assignments.standing(at.connection, at.held.rater)
    here = Setting(at.db, at.connection, at.study, at.who, at.held.rater, standing, at.held.total)
    choice = Choice(at.held.unit_id, 0, "reveal/1", stage="revised", arm=row.arm)
    return assignment.place_new(here, choice, seed=row.seed)


def feedback(at: Place, values: Mapping[str, Any]) -> tuple[Feedback, ...]:
    """What a round that explains says about the answers."""
    if at.row.stage != "training":
        return ()
    whole = material.read_unit(at.connection, at.study, at.held.unit_id)
    name = pools.of(at.study.protocol, whole.meta)
    explains = [r for r in at.study.protocol.checks.rounds if r.kind != "qualification"]
    if name not in {r.name for r in explains}:
        return ()
    return grading.feedback(whole.shuffled(at.row.seed), values, at.held.unit.questions)
