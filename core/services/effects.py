"""What showing a verdict, or an arm of an experiment, did to people's answers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection

from core.services import analysis
from core.services.access import Identity
from core.services.findings import NoAnswer
from core.services.studies import Study
from core.services.tables import Sheet, follower
from core.services.verdicts import reveal_arm
from core.statistics.alpha import krippendorff_alpha
from core.statistics.base import Estimate
from core.statistics.shares import difference, share
from core.statistics.table import GOLD, MISSING, Table, majority
from storage import effects
from storage.database import Database

NO_FLIPS = "nobody has looked twice at a unit with a known answer or a majority of others"


class Standing(NamedTuple):
    """An answer that stands: its code, the arms, whether a verdict was seen, and the seconds."""

    code: int
    arm: str
    seen: bool
    seconds: float | None


Key = tuple[int, int, int, str]


@dataclass
class Arms:
    """Answers in arms up to the log's row `seen`: (unit, rater, wording, stage) -> what stands."""

    seen: int = 0
    stands: dict[Key, Standing] = field(default_factory=dict)

    def follow(self, connection: Connection, study: Study) -> None:
        """Read what is new."""
        for row in effects.tail(connection, study.id, self.seen):
            key = (row.unit, row.rater, row.question, row.stage)
            self.seen = row.sequence
            if row.withdrawn or row.code is None:
                self.stands.pop(key, None)
            else:
                self.stands[key] = Standing(row.code, row.arm, bool(row.revealed), row.seconds)


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
    with analysis.following(db, who, key, question) as (study, asked, sheet):
        rows = _rows(db, study, study.wording(asked.question))
        seen: list[bool] = []
        unseen: list[bool] = []
        arms: Counter[str] = Counter()
        verdicts = Verdicts(db, study, sheet)
        for (unit, _, _, stage), answer in rows.items():
            arm = reveal_arm(answer.arm)
            if stage != "first" or not arm:
                continue
            arms[arm] += 1
            verdict = verdicts.code(unit)
            if verdict != MISSING and (arm != "before" or answer.seen):
                (seen if arm == "before" else unseen).append(answer.code == verdict)
        anchoring = difference(
            "anchoring", sum(seen), len(seen), sum(unseen), len(unseen),
            note="both people who saw a verdict before answering and people who did not are needed",
        )  # fmt: skip
        return RevealEffects(anchoring, *_flips(rows, verdicts), arms)


def _rows(db: Database, study: Study, wording: int) -> dict[Key, Standing]:
    """Answers in arms to one wording, read on from where this process was."""
    live: Arms = db.cache.setdefault(("arms", study.id), Arms())
    with db.read() as connection:
        live.follow(connection, study)
    return {place: answer for place, answer in live.stands.items() if place[2] == wording}


class Verdicts:
    """What models say to each unit of a sheet, and what is right there."""

    def __init__(self, db: Database, study: Study, sheet: Sheet) -> None:
        self.live, self.sheet, self.table = follower(db, study), sheet, sheet.table
        worker = study.protocol.reveal.worker
        self.models = [
            n for n, rater in enumerate(self.table.raters)
            if rater.kind != "person" and worker in ("", rater.name)
        ]  # fmt: skip
        self._known: dict[int, int] = {}

    def row(self, unit: int) -> int:
        """Where a unit stands in the table; -1 for nowhere."""
        place = int(np.searchsorted(self.live.units[:, 0], unit))
        return int(self.sheet.place[place])

    def code(self, unit: int) -> int:
        """The code that most models gave, each with one vote; -1 for none or a tie."""
        if unit not in self._known:
            self._known[unit] = self._code(self.row(unit))
        return self._known[unit]

    def _code(self, row: int) -> int:
        votes = np.zeros(self.table.k)
        for rater in self.models:
            columns = [self.table.column(rater, repeat) for repeat in (0, 1)]
            codes = [int(self.table.codes[row, c]) for c in columns if c is not None and row >= 0]
            given = [code for code in codes if code != MISSING]
            for code in given:
                votes[code] += 1 / len(given)
        best = np.flatnonzero(votes >= votes.max() - 1e-9)
        return int(best[0]) if votes.max() > 0 and len(best) == 1 else MISSING

    def right(self, unit: int, rater: int) -> int:
        """The known answer, else what most other people said at first; -1 for neither."""
        row = self.row(unit)
        if row < 0:
            return MISSING
        if self.table.codes[row, GOLD] != MISSING:
            return int(self.table.codes[row, GOLD])
        counts = np.zeros(self.table.k, np.int64)
        for n, other in enumerate(self.table.raters):
            code = int(self.table.codes[row, self.table.columns[n, 0]])
            if other.person and other.id != rater and code != MISSING:
                counts[code] += 1
        return int(majority(counts)[0])


def _flips(
    rows: Mapping[Key, Standing], verdicts: Verdicts
) -> tuple[Estimate, Estimate, Estimate, Estimate]:
    """Changed, towards the verdict, to the right, to a wrong answer: of those who looked twice."""
    changed: list[bool] = []
    towards: list[bool] = []
    righted: list[bool] = []
    wronged: list[bool] = []
    for (unit, rater, wording, stage), second in rows.items():
        first = rows.get((unit, rater, wording, "first"))
        if stage != "revised" or first is None or not second.seen:
            continue
        changed.append(first.code != second.code)
        verdict = verdicts.code(unit)
        if verdict not in (MISSING, first.code):
            towards.append(second.code == verdict)
        right = verdicts.right(unit, rater)
        if right != MISSING:
            (wronged if first.code == right else righted).append(
                (second.code == right) != (first.code == right)
            )
    return (
        share("changed", sum(changed), len(changed), note="nobody has looked twice yet"),
        share("towards", sum(towards), len(towards), note="no first answer differs from a verdict"),
        share("righted", sum(righted), len(righted), note=f"of wrong first answers: {NO_FLIPS}"),
        share("wronged", sum(wronged), len(wronged), note=f"of right first answers: {NO_FLIPS}"),
    )


def of_arms(db: Database, who: Identity, key: str, question: str) -> list[ArmRow]:
    """One row per arm of the study's experiment, in its order; [] without an experiment.

    Of the slots of a question there are none: `NoAnswer`.
    """
    _whole(question)
    with analysis.following(db, who, key, question) as (study, asked, sheet):
        arms = study.protocol.experiment.arms
        rows = _rows(db, study, study.wording(asked.question)) if arms else {}
        verdicts = Verdicts(db, study, sheet)
        found = []
        for arm in arms:
            own = [(k, a) for k, a in rows.items() if arm.name in a.arm.split("+")
                   and k[3] != "revised"]  # fmt: skip
            found.append(_arm(arm.name, own, verdicts, sheet.table))
        return found


def _arm(
    name: str, own: Sequence[tuple[Key, Standing]], verdicts: Verdicts, table: Table
) -> ArmRow:  # fmt: skip
    counts: dict[int, Any] = {}
    said: Counter[str] = Counter()
    right: list[bool] = []
    for (unit, _, _, _), answer in own:
        counts.setdefault(unit, np.zeros(table.k, np.int64))[answer.code] += 1
        said[table.labels[answer.code]] += 1
        row = verdicts.row(unit)
        if row >= 0 and table.codes[row, GOLD] != MISSING:
            right.append(int(table.codes[row, GOLD]) == answer.code)
    times = [answer.seconds for _, answer in own if answer.seconds is not None]
    metric: Any = table.level if table.level != "none" else "nominal"
    return ArmRow(
        name, len({rater for (_, rater, _, _), _ in own}), len(own),
        sum(times) / len(times) if times else None,
        share("accuracy", sum(right), len(right), note="no unit of this arm has a known answer"),
        krippendorff_alpha(np.array(list(counts.values())).reshape(-1, table.k), metric=metric),
        dict(said),
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
