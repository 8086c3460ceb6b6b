"""What showing a verdict, or an arm of an experiment, did to people's answers."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from core.questions.base import Scale
from core.services import analysis
from core.services.access import Identity
from core.services.by_unit import Tally
from core.services.findings import NoAnswer
from core.services.standing_verdicts import Verdicts
from core.services.studies import Study
from core.services.tables import follower
from core.services.verdicts import reveal_arm
from core.statistics.alpha import krippendorff_alpha
from core.statistics.base import Estimate
from core.statistics.means import between_groups
from core.statistics.shares import difference, share
from core.statistics.table import MISSING
from storage import effects
from storage.database import Database

ARM, SHOWN, MICRO = "arm", "shown", 1e6
NO_FLIPS = "nobody has looked twice at a unit with a known answer or a majority of others"


class Standing(NamedTuple):
    """An answer that stands: its code, the arms, whether a verdict was seen, and the seconds."""

    code: int
    arm: str
    seen: bool
    seconds: float | None


Own = Mapping[tuple[int, str], Standing]  # by rater and stage, of one unit


@dataclass(frozen=True, slots=True)
class RevealEffects:
    """What seeing the models' verdict did to the answers to one question.

    `anchoring` is how much more often people give the verdict when they have seen it before
    answering than when they have not. Of those who looked twice: how many `changed`, went
    `towards` the verdict, flipped to the right (`righted`) or to a wrong answer (`wronged`). Right
    is the known answer, else what most other people said at first.
    """

    anchoring: Estimate
    changed: Estimate
    towards: Estimate
    righted: Estimate
    wronged: Estimate
    arms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One arm of an experiment: how many people and answers, how right, how much they agree.

    `effect` is how much more of each person's answers are right than in the first arm, on average
    over people; None for the first arm itself.
    """

    arm: str
    people: int
    answers: int
    seconds: float | None
    accuracy: Estimate
    alpha: Estimate
    counts: Mapping[str, int]
    effect: Estimate | None = None


def of_reveal(db: Database, who: Identity, key: str, question: str) -> RevealEffects:
    """The effects of showing verdicts on one question; each number says why it is undefined.

    Of the slots of a question there are none: `NoAnswer`.
    """
    _whole(question)
    _, _, total = _counted(db, who, key, question)
    arms = {what[1]: many for what, many in total.items() if what[0] == ARM}
    seen, unseen = (_of(total, SHOWN, side) for side in (True, False))
    anchoring = difference(
        "anchoring", *seen, *unseen,
        note="both people who saw a verdict before answering and people who did not are needed",
    )  # fmt: skip
    twice, towards, righted, wronged = (
        _of(total, name) for name in ("changed", "towards", "righted", "wronged")
    )
    known = righted[1] + wronged[1]
    return RevealEffects(
        _covering(anchoring, seen[1] + unseen[1], sum(arms.values())),
        _covering(share("changed", *twice, note="nobody has looked twice yet"),
                  twice[1], arms.get("after", 0)),
        _covering(share("towards", *towards, note="no first answer differs from a verdict"),
                  towards[1], twice[1]),
        _covering(share("righted", *righted, note=f"of wrong first answers: {NO_FLIPS}"),
                  known, twice[1]),
        _covering(share("wronged", *wronged, note=f"of right first answers: {NO_FLIPS}"),
                  known, twice[1]),
        arms,
    )  # fmt: skip


def _covering(found: Estimate, n: int, of: int) -> Estimate:
    """The estimate with its coverage: `n` of all that could have entered did."""
    return replace(found, coverage=n / of if of else None)


def _of(total: Mapping[Any, int], *what: Any) -> tuple[int, int]:
    """Of the counts of that name, how many are of what holds, and how many there are."""
    yes, no = (total.get((*what, holds), 0) for holds in (True, False))
    return yes, yes + no


def _counted(
    db: Database, who: Identity, key: str, question: str
) -> tuple[Study, Scale, Counter[Any]]:
    """Study, scale, and the counts that all effects on a question are made of."""
    with analysis.following(db, who, key, question) as (study, asked, sheet):
        live, wording = follower(db, study), study.wording(asked.question)
        tally: Tally = db.cache.setdefault(("effects", study.id, asked.question.digest), Tally())
        verdicts = Verdicts(db, study, sheet)
        arms = {arm.name for arm in study.protocol.experiment.arms}

        def work(units: Collection[int] | None) -> dict[int, Counter[Any]]:
            stands: dict[int, dict[tuple[int, str], Standing]] = {}
            for row in effects.given(connection, study.id, wording, study.revision, units):
                own, place = stands.setdefault(row.unit, {}), (row.rater, row.stage)
                if row.withdrawn or row.code is None:
                    own.pop(place, None)
                else:
                    own[place] = Standing(row.code, row.arm, row.seen, row.seconds)
            found = {unit: _shown(unit, own, verdicts) for unit, own in stands.items()}
            for unit, own in stands.items() if arms else ():
                found[unit] += _in_arms(unit, own, verdicts, arms)
            return found

        with db.read() as connection:
            tally.follow(connection, study, live.signature, work)
        return study, asked.scale(), tally.total.copy()


def _shown(unit: int, own: Own, verdicts: Verdicts) -> Counter[Any]:
    """What the answers to one unit say about showing the verdict."""
    found: Counter[Any] = Counter()
    verdict = verdicts.code(unit)
    for (rater, stage), answer in own.items():
        arm = reveal_arm(answer.arm)
        if stage == "first" and arm:
            found[ARM, arm] += 1
            if verdict != MISSING and (arm != "before" or answer.seen):
                found[SHOWN, arm == "before", answer.code == verdict] += 1
        first = own.get((rater, "first"))
        if stage != "revised" or first is None or not answer.seen:
            continue
        found["changed", first.code != answer.code] += 1
        if verdict not in (MISSING, first.code):
            found["towards", answer.code == verdict] += 1
        right = verdicts.right(unit, rater)
        if right != MISSING:
            was = first.code == right
            found["wronged" if was else "righted", (answer.code == right) != was] += 1
    return found


def of_arms(db: Database, who: Identity, key: str, question: str) -> list[ArmRow]:
    """One row per arm of the study's experiment, in its order; [] without an experiment.

    Of the slots of a question there are none: `NoAnswer`.
    """
    study, scale, total = _counted(db, who, key, question)
    own: dict[str, dict[str, dict[Any, int]]] = {}
    for (arm, *what), many in total.items():
        own.setdefault(arm, {}).setdefault(what[0], {})[what[-1]] = many
    plan = study.protocol.experiment
    found = [_arm(arm.name, own.get(f"{ARM} {arm.name}", {}), scale) for arm in plan.arms]
    shares = [_each(own.get(f"{ARM} {arm.name}", {})) for arm in plan.arms]
    why = "needs people with a known answer in this arm and in the first"
    return found[:1] + [
        replace(row, effect=between_groups("effect", mine, shares[0], note=why,
                                           paired=plan.design == "within"))
        for row, mine in zip(found[1:], shares[1:], strict=True)
    ]  # fmt: skip


def _each(own: Mapping[str, Mapping[Any, int]]) -> dict[int, float]:
    """The share of each person's answers in an arm that are right, where that is known."""
    found: dict[int, list[int]] = {}
    for (rater, right), many in own.get("each", {}).items():
        found.setdefault(rater, [0, 0])[right] += many
    return {rater: right / (wrong + right) for rater, (wrong, right) in sorted(found.items())
            if wrong + right}  # fmt: skip


def _in_arms(
    unit: int, own: Own, verdicts: Verdicts, arms: set[str]
) -> Counter[Any]:  # fmt: skip
    """What the answers to one unit say about the arms of the experiment."""
    found: Counter[Any] = Counter()
    codes: dict[str, Counter[int]] = {}
    known = verdicts.known(unit)
    for (rater, stage), answer in own.items():
        for name in arms & set(answer.arm.split("+")) if stage != "revised" else ():
            arm = f"{ARM} {name}"
            codes.setdefault(arm, Counter())[answer.code] += 1
            found[arm, "people", rater] += 1
            found[arm, "said", answer.code] += 1
            if known != MISSING:
                found[arm, "right", answer.code == known] += 1
                found[arm, "each", (rater, answer.code == known)] += 1
            if answer.seconds is not None:
                found[arm, "time", "n"] += 1
                found[arm, "time", "all"] += round(answer.seconds * MICRO)
    for arm, many in codes.items():
        found[arm, "pattern", tuple(many[code] for code in range(verdicts.table.k))] += 1
    return found


def _arm(name: str, own: Mapping[str, Mapping[Any, int]], scale: Scale) -> ArmRow:
    """One arm out of its counts: what was counted, and of what."""
    said, right, time = (own.get(what, {}) for what in ("said", "right", "time"))
    patterns = sorted(own.get("pattern", {}).items())
    rows = np.array([row for row, _ in patterns]).reshape(-1, len(scale.labels))
    metric: Any = scale.level if scale.level != "none" else "nominal"
    return ArmRow(
        name, len(own.get("people", {})), sum(said.values()),
        time.get("all", 0) / time["n"] / MICRO if time.get("n") else None,
        share("accuracy", right.get(True, 0), sum(right.values()),
              note="no unit of this arm has a known answer"),
        krippendorff_alpha(rows, [many for _, many in patterns], metric=metric),
        {label: said[code] for code, label in enumerate(scale.labels) if code in said},
    )  # fmt: skip


def arm_rows(found: Sequence[ArmRow]) -> Iterator[dict[str, Any]]:
    """The rows of arms as flat rows for a table or a file."""
    for row in found:
        yield {
            "arm": row.arm, "people": row.people, "answers": row.answers,
            "mean_seconds": row.seconds, "accuracy": row.accuracy.value,
            "accuracy_low": row.accuracy.low, "accuracy_high": row.accuracy.high,
            "accuracy_n": row.accuracy.n, "accuracy_note": row.accuracy.note, **_effect(row),
            "alpha": row.alpha.value, "alpha_low": row.alpha.low, "alpha_high": row.alpha.high,
            "alpha_n": row.alpha.n, "alpha_note": row.alpha.note,
            **{f"said {label}": n for label, n in row.counts.items()},
        }  # fmt: skip


def _effect(row: ArmRow) -> dict[str, Any]:
    """How an arm compares with the first, as cells; empty ones for the first."""
    effect = row.effect or Estimate("effect", None, note="the first arm")
    return {
        "effect": effect.value, "effect_low": effect.low, "effect_high": effect.high,
        "effect_people": effect.n, "effect_method": effect.method, "effect_note": effect.note,
    }  # fmt: skip


def _whole(question: str) -> None:
    """Raise for a slot of a question: these effects are of whole answers."""
    if "." in question:
        raise NoAnswer(f"{question!r} is a part of an answer; choose the question as a whole")
