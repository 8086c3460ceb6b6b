"""How well each person works: known answers, attention, answers to the same unit, speed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from core.services import rounds, studies
from core.services.access import Identity, require
from core.services.choosing import Setting
from core.services.happened import Happened
from core.services.marks import Patterns, patterns
from core.services.moves import Workload
from core.services.studies import Study
from core.services.tables import Follower, follower
from core.statistics.base import Estimate
from core.statistics.shares import mean_share
from storage import assignments, team
from storage.database import Database

STATES = ("reserved", "submitted", "late", "skipped")  # as `Work` has them


@dataclass(frozen=True, slots=True)
class Work:
    """A person's part: how many units wait for an answer, are answered, late, skipped."""

    waiting: int = 0
    answered: int = 0
    late: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """One person: what is settled about them, their work, and how well it goes.

    `gold` is the mean grade of the units whose answers are known, over all questions; `attention`
    the share of attention items passed, wholly right; `retest` of answers that were the same when
    asked again. `rounds` says per round the mean grade of the newest attempt. Each counts units,
    whatever is asked of one. `seconds` is the mean time per answer; `hurried` how often an answer
    came in too fast and was not taken. `failed` says that a qualification round is over and not
    passed; `calibrations` how many calibration rounds came, the last at the agreement `drifted`
    (None where a researcher asked for it).
    """

    id: int
    name: str
    blocked: bool
    limit: int
    arm: str
    work: Work
    gold: Estimate
    attention: Estimate
    retest: Estimate
    rounds: Mapping[str, Estimate]
    seconds: float | None
    hurried: int
    calibrations: int
    failed: bool = False
    drifted: float | None = None


class Counted:
    """Work and warnings of everybody in one study, as far as they were read."""

    def __init__(self, study: int) -> None:
        self.load = Workload(study)
        self.events = Happened(study, ["hurried", "calibration"])
        self.often: Counter[tuple[int, str]] = Counter()
        self.calibrated: dict[int, tuple[int, Any]] = {}

    def follow(self, connection: Connection, study: Study) -> None:
        """Read what is new."""
        self.load.follow(connection, study)
        for row in self.events.fresh(connection):
            self.often[row.rater, row.kind] += 1
            if row.kind == "calibration" and row.id > self.calibrated.get(row.rater, (0, None))[0]:
                self.calibrated[row.rater] = row.id, row.data.get("agreement")


def table(db: Database, who: Identity, key: str) -> list[Quality]:
    """Everybody who is or was asked in a study, in order of arrival. Raises `Denied`.

    For researchers alone: nobody is shown how they are rated.
    """
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        live = follower(db, study)
        with live.lock:
            live.follow(connection, study)
            pace, marks = _pace(live), patterns(db, connection, study, live)
            counted: Counted = db.cache.setdefault(("quality", study.id), Counted(study.id))
            counted.follow(connection, study)
            people = [
                _person(study, row, counted, marks, pace.get(row.id))
                for row in team.people(connection, study.id)
            ]
        failed = _failed(db, connection, study)
    return [replace(one, failed=one.id in failed) for one in people]


def _person(
    study: Study, row: Any, counted: Counted, marks: Mapping[Any, Patterns], pace: float | None
) -> Quality:  # fmt: skip
    spec = row.spec or {}
    load = {state: counted.load.counts[row.id, state] for state in STATES}

    def mean(name: str, *place: Any, note: str) -> Estimate:
        return mean_share(name, marks.get(place, {}), note=note)

    return Quality(
        row.id, row.name or row.key, bool(spec.get("blocked")), int(spec.get("limit") or 0),
        str(spec.get("arm") or ""), Work(*load.values()),
        mean("gold", "gold", row.id, note="no unit has both a known answer and this person's"),
        mean("attention", "attention", row.id, note="no attention item was answered"),
        mean("retest", "retest", row.id, note="no unit was asked again"),
        {
            one.name: mean(one.name, "round", row.id, one.name, note="this round was not taken")
            for one in study.protocol.checks.rounds
        },
        pace, counted.often[row.id, "hurried"], counted.often[row.id, "calibration"],
        drifted=counted.calibrated.get(row.id, (0, None))[1],
    )  # fmt: skip


def _failed(db: Database, connection: Connection, study: Study) -> set[int]:
    """Row ids of the people for whom a qualification round is over without being passed."""
    if all(one.kind != "qualification" for one in study.protocol.checks.rounds):
        return set()
    found = set()
    for row in team.people(connection, study.id):
        standing = assignments.standing(connection, row.id)
        if rounds.failed(Setting(db, connection, study, Identity(row.key), row.id, standing, 0)):
            found.add(row.id)
    return found


def _pace(live: Follower) -> dict[int, float]:
    """Mean seconds per answer of each rater, over all coded questions."""
    total: dict[int, tuple[int, float]] = {}
    for (_, where), sheet in live.sheets.items():
        for rater, (n, seconds) in ({} if where else sheet.pace).items():
            known = total.get(rater, (0, 0.0))
            total[rater] = known[0] + n, known[1] + seconds
    return {rater: seconds / n for rater, (n, seconds) in total.items() if n}


def rows(found: Sequence[Quality]) -> Iterator[dict[str, Any]]:
    """The people as flat rows for a table or a file."""
    for one in found:
        row: dict[str, Any] = {
            "person": one.name, "blocked": one.blocked, "limit": one.limit, "arm": one.arm,
            "waiting": one.work.waiting, "answered": one.work.answered, "late": one.work.late,
            "skipped": one.work.skipped, "mean_seconds": one.seconds, "hurried": one.hurried,
            "calibrations": one.calibrations, "drifted_to": one.drifted, "failed": one.failed,
        }  # fmt: skip
        named = {"gold": one.gold, "attention": one.attention, "retest": one.retest, **one.rounds}
        for name, e in named.items():
            row |= {name: e.value, f"{name}_low": e.low, f"{name}_high": e.high, f"{name}_n": e.n}
        yield row
