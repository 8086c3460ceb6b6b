"""Rounds that a person goes through, and checks mixed into the ordinary work."""

from collections.abc import Sequence
from typing import Any

from core.policies import Round
from core.questions.base import Question
from core.services import pools
from core.services.choosing import Choice, Setting
from core.services.grading import graded
from core.services.verdicts import leading, reveal_arm
from storage import assignments, candidates, checked, judgments, team
from storage import studies as study_rows

SAMPLE = 48
Passed = bool


def due(at: Setting) -> Choice | None:
    """What comes before the ordinary work: a round that is not over, or a check by chance."""
    for one in at.study.protocol.checks.rounds:
        found = _calibrating(at, one) if one.kind == "calibration" else _entry(at, one)
        if found is not None:
            return found
    if not admitted(at):
        return None
    return _mixed(at)


def admitted(at: Setting) -> bool:
    """Whether the person may go on to the ordinary work: no qualification round is failed."""
    entries = [r for r in at.study.protocol.checks.rounds if r.kind == "qualification"]
    return all(_state(at, one)[1] for one in entries)


def failed(at: Setting) -> bool:
    """Whether a qualification round is over for the person and not passed."""
    entries = [r for r in at.study.protocol.checks.rounds if r.kind == "qualification"]
    return any(_state(at, one) == (None, False) for one in entries)


def _state(at: Setting, one: Round) -> tuple[int | None, Passed]:
    """Number of the attempt that is to go on (None: the round is over), and whether it is passed.

    A round without items is passed.
    """
    place = ("round", at.rater, at.study.version, one.name)
    if at.db.cache.get(place):
        return None, True
    bounds = pools.bounds(at.study.protocol, one.name)
    turn = checked.attempt(at.connection, at.rater, bounds)
    if turn is None:
        empty = not checked.holds(at.connection, at.study.id, bounds)
        return (None, True) if empty else (0, False)
    if _free(at, one, turn):
        return turn, False
    share = score(at, one, turn)
    if share is None or share >= one.mark - 1e-9:
        at.db.cache[place] = True
        return None, True
    return (None, False) if turn + 1 >= one.attempts else (turn + 1, False)


def score(at: Setting, one: Round, turn: int) -> float | None:
    """The mean grade of an attempt's answers, 0 to 1; None without any that can be graded."""
    bounds = pools.bounds(at.study.protocol, one.name)
    rows = checked.attempted(at.connection, at.rater, bounds, turn)
    found = [grade.credit for _, grade in graded(at.connection, at.study, rows)]
    return sum(found) / len(found) if found else None


def _free(at: Setting, one: Round, turn: int) -> Sequence[Any]:
    bounds = pools.bounds(at.study.protocol, one.name)
    return assignments.free_within(
        at.connection, at.study.id, at.rater, bounds, "training", turn, SAMPLE
    )


def _entry(at: Setting, one: Round) -> Choice | None:
    turn, _ = _state(at, one)
    return None if turn is None else _next(at, one, turn)


def _next(at: Setting, one: Round, turn: int) -> Choice | None:
    rows = _free(at, one, turn)
    if not rows:
        return None
    return Choice(
        rows[0].id, rows[0].item, f"{one.kind}/1", stage="training", repeat=turn,
        released=rows[0].released,
    )  # fmt: skip


def _calibrating(at: Setting, one: Round) -> Choice | None:
    """The next unit of a calibration round: one that was begun, or one that is due now."""
    asked = at.standing.spec.get("calibrate") == one.name
    since = at.standing.place - int(at.standing.spec.get("calibrated") or 0)
    looks = since >= one.window and at.standing.place % one.window == 0
    began = at.standing.spec.get("calibrating") == one.name
    if not (asked or looks or began):
        return None
    turn = checked.attempt(at.connection, at.rater, pools.bounds(at.study.protocol, one.name))
    if began and turn is not None:
        found = _next(at, one, turn)
        if found is not None:
            return found
        team.note(at.connection, at.rater, calibrating=None, calibrated=at.standing.place)
        looks = False
    if not (asked or looks):
        return None
    share, n = (None, 0) if asked else agreement(at, one)
    if not asked and (share is None or share >= one.drift):
        return None
    found = _next(at, one, 0 if turn is None else turn + 1)
    if found is not None:
        team.note(at.connection, at.rater, calibrate=None, calibrating=one.name)
        study_rows.record(
            at.connection, at.study.id, "calibration", "" if share is not None else "researcher",
            {"round": one.name, "agreement": share, "n": n}, rater=at.rater,
        )  # fmt: skip
    return found


def agreement(at: Setting, one: Round) -> tuple[float | None, int]:
    """How much a person's last answers say what other people say, 0 to 1, and of how many answers.

    None below half a window of answers that can be compared.
    """
    units = checked.recent(at.connection, at.rater, one.window)
    asked = {at.study.wording(q): q for q in at.study.protocol.questions}
    rows = candidates.answers(at.connection, units, list(asked)) if units else []
    first = [r for r in rows if r.kind == "person" and r.repeat == 0]
    near = []
    for own in (r for r in first if r.rater == at.rater):
        others = [
            r for r in first
            if (r.unit, r.question) == (own.unit, own.question) and r.rater != at.rater
        ]  # fmt: skip
        near.append(_near(asked[own.question], own, others))
    found = [share for share in near if share is not None]
    return (sum(found) / len(found) if 2 * len(found) >= one.window else None), len(found)


def _near(question: Question, own: Any, others: Sequence[Any]) -> float | None:
    """How much an answer says what others say: 1 - its mean distance, or whether most say so.

    None without others, where they are split, and for what cannot be compared.
    """
    if question.by_distance():
        value = judgments.parse(own.value)
        gaps = [question.distance(value, judgments.parse(row.value)) for row in others]
        return 1 - sum(gaps) / len(gaps) if gaps else None
    most, _ = leading([row for row in others if row.code is not None])
    return None if own.code is None or most is None else float(own.code == most)


def _mixed(at: Setting) -> Choice | None:
    """A known answer, an attention item or a unit asked again, as often as the study wants."""
    checks = at.study.protocol.checks
    if not checks.mixes:
        return None
    chance = at.chance("check")
    mark = chance.random()
    for name, share in (("gold", checks.gold_share), ("attention", checks.attention_share)):
        if mark < share:
            return _of_pool(at, name, chance)
        mark -= share
    return _again(at, chance) if mark < checks.retest_share else None


def _of_pool(at: Setting, name: str, chance: Any) -> Choice | None:
    bounds = pools.bounds(at.study.protocol, name)
    rows = assignments.free_within(at.connection, at.study.id, at.rater, bounds, name, most=SAMPLE)
    if not rows:
        return None
    row = chance.choice(rows)
    return Choice(
        row.id, row.item, f"{name}/1", 1 / len(rows), f"draw:{len(rows)}", name,
        released=row.released,
    )  # fmt: skip


def _again(at: Setting, chance: Any) -> Choice | None:
    """A unit that the person answered some time ago, and on which nothing was revealed to them."""
    last = at.standing.place - at.study.protocol.checks.retest_gap
    if last < 1:
        return None
    places = chance.sample(range(1, last + 1), min(last, SAMPLE))
    rows = [
        row for row in checked.aged(at.connection, at.rater, places)
        if reveal_arm(row.arm) in {"", "never"}
    ]  # fmt: skip
    if not rows:
        return None
    row = chance.choice(rows)
    arm = "+".join(n for n in row.arm.split("+") if n not in {"", "never"})
    return Choice(
        row.unit, row.item, "retest/1", 1 / len(rows), f"draw:{len(rows)}", "retest", arm=arm
    )
