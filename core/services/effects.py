"""What showing a verdict, or an arm of an experiment, did to people's answers."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core.questions.base import Scale
from core.services import analysis
from core.services.access import Identity
from core.services.by_unit import Tally
from core.services.findings import NoAnswer
from core.services.studies import Study
from core.services.tables import Sheet, follower
from core.services.verdicts import reveal_arm
from core.statistics.alpha import krippendorff_alpha
from core.statistics.base import Estimate
from core.statistics.shares import difference, share
from core.statistics.table import GOLD, MISSING, majority
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
    """One arm of an experiment: how many people and answers, how right, how much they agree."""

    arm: str
    people: int
    answers: int
    seconds: float | None
    accuracy: Estimate
    alpha: Estimate
    counts: Mapping[str, int]


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
    return RevealEffects(
        anchoring,
        share("changed", *_of(total, "changed"), note="nobody has looked twice yet"),
        share("towards", *_of(total, "towards"), note="no first answer differs from a verdict"),
        share("righted", *_of(total, "righted"), note=f"of wrong first answers: {NO_FLIPS}"),
        share("wronged", *_of(total, "wronged"), note=f"of right first answers: {NO_FLIPS}"),
        arms,
    )


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


def _shown(unit: int, own: Own, verdicts: "Verdicts") -> Counter[Any]:
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


class Verdicts:
    """What models say to each unit of a sheet, and what is right there."""

    def __init__(self, db: Database, study: Study, sheet: Sheet) -> None:
        self.live, self.sheet, self.table = follower(db, study), sheet, sheet.table
        worker = study.protocol.reveal.worker
        self.models = [
            n for n, rater in enumerate(self.table.raters)
            if rater.kind != "person" and worker in ("", rater.name)
        ]  # fmt: skip
        columns = [self.table.column(n, repeat) for n in self.models for repeat in (0, 1)]
        self.columns = [column for column in columns if column is not None]

    def row(self, unit: int) -> int:
        """Where a unit stands in the table; -1 for nowhere."""
        place = int(np.searchsorted(self.live.units[:, 0], unit))
        return int(self.sheet.place[place])

    def code(self, unit: int) -> int:
        """The code that most models gave, each with one vote; -1 for none or a tie."""
        row = self.row(unit)
        codes = self.table.codes[row, self.columns].tolist() if row >= 0 else []
        owners = [self.table.owner[column][0] for column in self.columns]
        given = [(who, code) for who, code in zip(owners, codes, strict=False) if code >= 0]
        if len(given) == 1:
            return int(given[0][1])
        often = Counter(who for who, _ in given)
        votes = [0.0] * self.table.k
        for who, code in given:
            votes[code] += 1 / often[who]
        best = [code for code, n in enumerate(votes) if n >= max(votes) - 1e-9]
        return best[0] if given and len(best) == 1 else MISSING

    def known(self, unit: int) -> int:
        """The code of the known answer; -1 for none."""
        row = self.row(unit)
        return MISSING if row < 0 else int(self.table.codes[row, GOLD])

    def right(self, unit: int, rater: int) -> int:
        """The known answer, else what most other people said at first; -1 for neither."""
        row = self.row(unit)
        if row < 0 or self.known(unit) != MISSING:
            return self.known(unit)
        counts = np.zeros(self.table.k, np.int64)
        for n, other in enumerate(self.table.raters):
            code = int(self.table.codes[row, self.table.columns[n, 0]])
            if other.person and other.id != rater and code != MISSING:
                counts[code] += 1
        return int(majority(counts)[0])


def of_arms(db: Database, who: Identity, key: str, question: str) -> list[ArmRow]:
    """One row per arm of the study's experiment, in its order; [] without an experiment.

    Of the slots of a question there are none: `NoAnswer`.
    """
    study, scale, total = _counted(db, who, key, question)
    own: dict[str, dict[str, dict[Any, int]]] = {}
    for (arm, *what), many in total.items():
        own.setdefault(arm, {}).setdefault(what[0], {})[what[-1]] = many
    return [_arm(arm.name, own.get(f"{ARM} {arm.name}", {}), scale)
            for arm in study.protocol.experiment.arms]  # fmt: skip


def _in_arms(
    unit: int, own: Own, verdicts: "Verdicts", arms: set[str]
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
            "accuracy_n": row.accuracy.n, "accuracy_note": row.accuracy.note,
            "alpha": row.alpha.value, "alpha_low": row.alpha.low, "alpha_high": row.alpha.high,
            "alpha_n": row.alpha.n, "alpha_note": row.alpha.note,
            **{f"said {label}": n for label, n in row.counts.items()},
        }  # fmt: skip


def _whole(question: str) -> None:
    """Raise for a slot of a question: these effects are of whole answers."""
    if "." in question:
        raise NoAnswer(f"{question!r} is a part of an answer; choose the question as a whole")
