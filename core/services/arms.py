"""Arms: which one a person, or a person and a unit, is drawn into."""

import random

from core.selection import balanced, by_share
from core.services.choosing import Choice, Setting, draw
from storage import team

WIDTH = float(1 << 48)


def of(at: Setting, choice: Choice) -> str:
    """The arms of a new assignment, joined by `+`; '' where the study has none.

    Checks and rounds are in the person's arm of the experiment, and reveal nothing.
    """
    names = [_experiment(at)] if at.study.protocol.experiment.arms else []
    if choice.stage == "first" and at.study.protocol.reveal.mode != "never":
        names.append(reveal(at, choice.item))
    return "+".join(names)


def reveal(at: Setting, item: int) -> str:
    """The reveal arm of a person and an item, by a salted hash: the same whenever it is asked."""
    policy = at.study.protocol.reveal
    if policy.mode != "arms":
        return policy.mode
    return by_share(policy.shares, draw(at.study.seed, at.who.name, item, "reveal") / WIDTH)


def _experiment(at: Setting) -> str:
    plan = at.study.protocol.experiment
    shares = {arm.name: arm.share for arm in plan.arms}
    if plan.design == "within":
        turn, step = divmod(at.standing.place, len(shares))
        names = sorted(shares)
        random.Random(draw(at.study.seed, at.who.name, turn, "arm")).shuffle(names)  # noqa: S311
        return names[step]
    known = str(at.standing.spec.get("arm", ""))
    if known in shares:
        return known
    taken = team.arms(at.connection, at.study.id)
    found = balanced(taken, shares, draw(at.study.seed, at.who.name, "arm"))
    team.note(at.connection, at.rater, arm=found)
    return found
