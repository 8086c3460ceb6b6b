"""Aligning a judge with what people decided: locked parts, measured versions, no leak."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection

from core.digest import canonical, digest
from core.questions.base import Question
from core.services import material, studies
from core.services.access import Identity, require
from core.services.studies import Refused, Study
from core.statistics.base import Estimate
from core.statistics.cohen import cohen_kappa
from core.statistics.percent import percent_agreement
from core.statistics.table import MISSING, cross
from core.units import Unit
from core.workers.judge import Judge
from storage import items
from storage import studies as study_rows
from storage import votes as vote_rows
from storage.database import Database

Part = Literal["train", "dev", "test"]
PARTS: tuple[Part, ...] = ("train", "dev", "test")
SPLIT, OPENED = "alignment split", "test opened"


class Leak(AssertionError):
    """A judge was about to be measured on an item that it was shown as an example."""


@dataclass(frozen=True, slots=True)
class Split:
    """Which part an item belongs to: fixed by its key and the seed, whenever it arrives."""

    seed: int
    shares: tuple[float, float, float]

    def part(self, item: str) -> Part:
        """The item's part."""
        place = int(digest([self.seed, item])[:12], 16) / 16**12
        if place < self.shares[0]:
            return "train"
        return "dev" if place < self.shares[0] + self.shares[1] else "test"


@dataclass(frozen=True, slots=True)
class Truth:
    """The answer that a judge is held against: adjudicated, or else the majority of people."""

    unit_id: int
    item: str
    key: str
    value: Any
    code: int
    adjudicated: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A judge's answer to a unit, in the study's own order of responses."""

    value: Any
    code: int
    why: str


@dataclass(frozen=True, slots=True)
class Version:
    """A judge on one part: kappa and agreement with the truth, n and coverage in each estimate.

    `shared` is its kappa over the units that all compared versions answered, but for versions that
    answered none; of these units it got `mended` right where the first one was wrong, and `spoilt`
    the other way round.
    """

    name: str
    digest: str
    examples: int
    kappa: Estimate
    percent: Estimate
    shared: Estimate
    mended: int = 0
    spoilt: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Versions side by side on one part. `excluded` are its items that serve as examples."""

    part: Part
    units: int
    adjudicated: int
    excluded: tuple[str, ...]
    versions: tuple[Version, ...]


@dataclass(frozen=True)
class Bench:
    """What alignment reads of one question of a study, at one moment."""

    study: Study
    question: Question
    split: Split
    truths: Mapping[int, Truth]
    connection: Connection

    def within(self, part: Part, without: Collection[str] = ()) -> list[Truth]:
        """The truths of a part, but for those about the items named."""
        return [
            t for t in self.truths.values()
            if self.split.part(t.item) == part and t.item not in without
        ]  # fmt: skip

    @cached_property
    def judges(self) -> dict[str, Judge]:
        """The study's judges that answer the question, by name."""
        found = [w for w in self.study.protocol.workers if isinstance(w, Judge)]
        return {j.name: j for j in found if not j.questions or self.question.name in j.questions}

    def judge(self, name: str) -> Judge:
        """The judge of that name; raises `Refused`."""
        try:
            return self.judges[name]
        except KeyError:
            known = ", ".join(self.judges) or "none"
            raise Refused(f"the study has no judge called {name!r}; there are: {known}") from None

    def said(self, judge: Judge) -> dict[int, Said]:
        """Its stored answers to the units with a truth, first order only."""
        key = study_rows.rater_key(self.connection, self.study.id, "model", judge.digest)
        wording = self.study.wording(self.question)
        if key is None:
            return {}
        rows = vote_rows.standing(self.connection, list(self.truths), [key], [wording])
        return {
            row.unit: Said(json.loads(row.value), row.code, row.rationale)
            for row in rows if row.repeat == 0 and row.code is not None
        }  # fmt: skip


def lock(
    db: Database, who: Identity, key: str, question: str, *, seed: int | None = None,
    train: float = 0.4, dev: float = 0.4,
) -> Split:  # fmt: skip
    """Lock the parts of a question's items for good; what is left is the test part.

    Raises `Refused` when they are locked already, or for shares that leave a part empty.
    """
    require(who, "review")
    if not (0 < train < 1 and 0 < dev < 1 and train + dev < 1):
        raise Refused("train and dev must each be above 0 and leave something for the test part")
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        study.protocol.question(question)
        if _split(connection, study, question) is not None:
            raise Refused("the parts of this question are locked; they cannot be drawn again")
        split = Split(study.seed if seed is None else seed, (train, dev, 1 - train - dev))
        data = {"question": question, "seed": split.seed, "shares": list(split.shares)}
        study_rows.record(connection, study.id, SPLIT, who.name, data)
    return split


def _split(connection: Connection, study: Study, question: str) -> Split | None:
    for row in study_rows.events(connection, study.id, [SPLIT]):
        if row.data["question"] == question:
            train, dev, test = row.data["shares"]
            return Split(row.data["seed"], (train, dev, test))
    return None


def locked(db: Database, who: Identity, key: str, question: str) -> Split | None:
    """The parts as they are locked; None before."""
    require(who, "review")
    with db.read() as connection:
        return _split(connection, studies.load(db, key, connection), question)


def bench(connection: Connection, db: Database, key: str, question: str) -> Bench:
    """Everything that the functions below read; raises `Refused` before the parts are locked."""
    study = studies.load(db, key, connection)
    asked = study.protocol.question(question)
    split = _split(connection, study, question)
    if split is None:
        raise Refused("lock the parts first: without them a judge is tuned to its own test")
    return Bench(study, asked, split, truths(connection, study, asked), connection)


def truths(connection: Connection, study: Study, question: Question) -> dict[int, Truth]:
    """The answer that holds per unit: adjudicated, else given by most people; others have none."""
    wording = study.wording(question)
    decided = vote_rows.adjudicated(connection, study.id, wording)
    people = [r.id for r in study_rows.raters(connection, study.id)
              if r.kind == "person" and not (r.spec or {}).get("simulated")]  # fmt: skip
    rows = list(items.units(connection, study.id))
    given = vote_rows.standing(connection, [row.id for row in rows], people, [wording])
    by_unit: dict[int, Counter[str]] = {}
    codes: dict[tuple[int, str], int | None] = {}
    for vote in given:
        if vote.repeat == 0:
            text = canonical(json.loads(vote.value))
            by_unit.setdefault(vote.unit, Counter())[text] += 1
            codes[vote.unit, text] = vote.code
    found = {}
    for row in rows:
        held = decided.get(row.id)
        most = "" if held else _mode(by_unit.get(row.id))
        value = json.loads(held.value if held else most or "null")
        code = held.code if held else codes.get((row.id, most))
        if code is not None:
            found[row.id] = Truth(row.id, row.item_key, row.key, value, code, held is not None,
                                  held.rationale if held else "")  # fmt: skip
    return found


def _mode(counts: Counter[str] | None) -> str:
    """The answer, as JSON, that more people gave than any other; '' without one."""
    if not counts:
        return ""
    best = counts.most_common(2)
    clear = len(best) == 1 or best[0][1] > best[1][1]
    return best[0][0] if clear else ""


def used(judges: Sequence[Judge]) -> set[str]:
    """The items that these judges are shown as examples."""
    return {example.item for judge in judges for example in judge.examples}


def compare(
    db: Database, who: Identity, key: str, question: str, names: Sequence[str],
    part: Literal["train", "dev"] = "dev",
) -> Comparison:  # fmt: skip
    """Versions of a judge side by side on the train or dev part; the test part is opened apart."""
    require(who, "review")
    with db.read() as connection:
        found = bench(connection, db, key, question)
        return compared(found, [found.judge(name) for name in names], part)


def compared(found: Bench, judges: Sequence[Judge], part: Part) -> Comparison:
    """Kappa of each judge with the truth on a part, without the items of anybody's examples.

    Raises `Leak` should such an item be among the measured ones after all.
    """
    shown = used(judges)
    measured = found.within(part, without=shown)
    leaked = {t.item for t in measured} & shown
    if leaked:
        raise Leak(f"examples among the measured items: {', '.join(sorted(leaked))}")
    said = [found.said(judge) for judge in judges]
    began = [own for own in said if any(t.unit_id in own for t in measured)]
    shared = [t for t in measured if all(t.unit_id in own for own in began)]
    versions = tuple(
        Version(j.name, j.digest, len(j.examples), *_against(found, measured, own),
                _against(found, shared, own)[0], *_changed(shared, began[:1], own))
        for j, own in zip(judges, said, strict=True)
    )  # fmt: skip
    whole = found.within(part)
    return Comparison(
        part, len(measured), sum(t.adjudicated for t in measured),
        tuple(sorted({t.item for t in whole} & shown)), versions,
    )  # fmt: skip


def _against(
    found: Bench, measured: Sequence[Truth], own: Mapping[int, Said]
) -> tuple[Estimate, Estimate]:
    labels = found.question.scale().labels
    codes = [own[t.unit_id].code if t.unit_id in own else MISSING for t in measured]
    counts = cross([t.code for t in measured], codes, len(labels))
    kappa = cohen_kappa(counts, labels=labels, possible=len(measured))
    return kappa, percent_agreement(counts, possible=len(measured))


def _changed(
    shared: Sequence[Truth], first: Sequence[Mapping[int, Said]], after: Mapping[int, Said]
) -> tuple[int, int]:
    """On how many units an answer became right against the first one, and on how many wrong."""
    right = [
        (before[t.unit_id].code == t.code, after[t.unit_id].code == t.code)
        for before in first for t in shared if t.unit_id in after
    ]  # fmt: skip
    return right.count((False, True)), right.count((True, False))


def unit_of(found: Bench, truth: Truth) -> Unit:
    """The unit that a truth is about."""
    return material.read_unit(found.connection, found.study, truth.unit_id)
