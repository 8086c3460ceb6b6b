"""The steps of aligning a judge: see what is wrong, make another version, run it, open the test."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.services import runs, studies
from core.services.access import Identity, require
from core.services.alignment import (
    OPENED,
    PARTS,
    Bench,
    Comparison,
    Part,
    Truth,
    bench,
    compared,
    unit_of,
    used,
)
from core.services.cases import causes_of
from core.services.studies import Refused
from core.services.tables import follower
from core.statistics.base import Estimate
from core.units import Unit
from core.workers.briefing import Example, responses, surroundings
from core.workers.judge import Judge
from storage import studies as study_rows
from storage.database import Database

LONGEST = 4000
VERSION = "judge version"


@dataclass(frozen=True, slots=True)
class Miss:
    """A unit on which a judge says something else than people decided, in words."""

    unit_id: int
    unit: Unit
    truth: str
    judge: str
    why: str
    decided_why: str
    adjudicated: bool
    cause: str
    distance: float


@dataclass(frozen=True, slots=True)
class Decision:
    """A decided unit of the train part, from which an example or an edit can be made."""

    unit_id: int
    item: str
    unit: Unit
    answer: str
    why: str
    cause: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """The one look at the test part: who took it, when, and what it showed."""

    by: str
    at: int
    names: tuple[str, ...]
    figures: Sequence[Mapping[str, Any]]


def misses(
    db: Database, who: Identity, key: str, question: str, name: str,
    part: Literal["train", "dev"] = "dev", most: int = 200,
) -> list[Miss]:  # fmt: skip
    """Where a judge is misaligned on a part, the farthest first; its own examples are left out."""
    require(who, "review")
    with db.read() as connection:
        found = bench(connection, db, key, question)
        judge = found.judge(name)
        said, causes = found.said(judge), _causes(db, found)
        wrong = [
            (t, said[t.unit_id]) for t in found.within(part, without=used([judge]))
            if t.unit_id in said and said[t.unit_id].code != t.code
        ]  # fmt: skip
        wrong.sort(key=lambda pair: -found.question.distance(pair[0].value, pair[1].value))
        lines = []
        for truth, own in wrong[:most]:
            unit = unit_of(found, truth)
            words = [found.question.describe(value, unit) for value in (truth.value, own.value)]
            lines.append(
                Miss(truth.unit_id, unit, words[0], words[1], own.why, truth.why,
                     truth.adjudicated, causes.get(truth.unit_id, ""),
                     found.question.distance(truth.value, own.value))
            )  # fmt: skip
        return lines


def _causes(db: Database, found: Bench) -> dict[int, str]:
    live = follower(db, found.study)
    with live.lock:
        return causes_of(db, found.connection, found.study).of(found.question.name)


def decisions(db: Database, who: Identity, key: str, question: str, name: str) -> list[Decision]:
    """The adjudicated units of the train part; those that the judge gets wrong come first."""
    require(who, "review")
    with db.read() as connection:
        found = bench(connection, db, key, question)
        said, causes = found.said(found.judge(name)), _causes(db, found)
        lines = []
        for truth in found.within("train"):
            if truth.adjudicated:
                unit = unit_of(found, truth)
                own = said.get(truth.unit_id)
                lines.append(
                    Decision(truth.unit_id, truth.item, unit,
                             found.question.describe(truth.value, unit), truth.why,
                             causes.get(truth.unit_id, ""),
                             own is not None and own.code != truth.code)
                )  # fmt: skip
        return sorted(lines, key=lambda d: (not d.wrong, d.unit_id))


def proposed_edit(found: Sequence[Decision]) -> str:
    """Decided cases as lines for the guidelines: the notes of rubric gaps first; '' without any.

    What was noted in the same words for the same answer is one line.
    """
    noted = [d for d in found if d.why]
    noted.sort(key=lambda d: d.cause != "rubric gap")
    lines = list(dict.fromkeys(f"- {d.why} (there the answer is: {d.answer})" for d in noted))
    return "\n".join(["What was decided about cases like these:", *lines]) if lines else ""


def revise(
    db: Database, who: Identity, key: str, question: str, name: str, new: str, *,
    guidelines: str | None = None, examples: Sequence[int] = (),
) -> Judge:  # fmt: skip
    """Save another version of a judge: other guidelines, and units of the train part as examples.

    `examples` are the unit ids of all its examples. Raises `Refused` for a unit that is not in the
    train part or not adjudicated, a name that is taken, and a version that changes nothing.
    """
    require(who, "run")
    with db.read() as connection:
        found = bench(connection, db, key, question)
        old = found.judge(name)
        if new in {w.name for w in found.study.protocol.workers}:
            raise Refused(f"the study has a worker called {new!r}; choose another name")
        shown = tuple(_example(found, unit_id) for unit_id in examples)
    words = old.guidelines if guidelines is None else guidelines
    changed = {"name": new, "title": "", "guidelines": words,
               "examples": [e.model_dump() for e in shown]}  # fmt: skip
    made = Judge(**{k: v for k, v in (old.definition() | changed).items() if k != "kind"})
    if made.digest == old.digest:
        raise Refused("nothing was changed: edit the guidelines or choose other examples")
    runs.add_worker(db, who, key, made)
    with db.write() as connection:
        study = studies.load(db, key, connection)
        data = {"question": question, "from": old.digest, "to": made.digest, "name": new,
                "examples": [e.item for e in shown]}  # fmt: skip
        study_rows.record(connection, study.id, VERSION, who.name, data)
    return made


def _example(found: Bench, unit_id: int) -> Example:
    truth = found.truths.get(unit_id)
    if truth is None or not truth.adjudicated:
        raise Refused("an example must be a case that somebody has decided")
    if found.split.part(truth.item) != "train":
        raise Refused(f"{truth.item} is not in the train part; it is there to measure by")
    unit = unit_of(found, truth)
    pieces = [*surroundings(unit), *responses(unit)]
    material = {title: content.text()[:LONGEST] for title, content in pieces}
    return Example(item=truth.item, material=material, why=truth.why,
                   answer=found.question.describe(truth.value, unit))  # fmt: skip


def next_name(name: str, taken: Collection[str]) -> str:
    """A name for another version: the judge's own with the next free letter behind it.

    >>> next_name("strict b", ["strict", "strict b", "strict c"])
    'strict d'
    """
    root = re.sub(r" [b-z]$", "", name)
    free = (f"{root} {letter}" for letter in "bcdefghijklmnopqrstuvwxyz")
    return next((made for made in free if made not in taken), f"{name} b")


def lineage(db: Database, who: Identity, key: str, question: str) -> list[Mapping[str, Any]]:
    """The versions made so far, oldest first: name, from, to (digests), examples, by, at."""
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        rows = study_rows.events(connection, study.id, [VERSION])
        return [
            {**row.data, "by": row.actor, "at": row.created_at}
            for row in rows if row.data["question"] == question
        ]  # fmt: skip


def run_part(
    db: Database, who: Identity, key: str, question: str, name: str,
    parts: Sequence[Part] = ("dev",),
) -> int:  # fmt: skip
    """Let a judge answer the decided units of some parts; returns the run's number."""
    require(who, "run")
    with db.read() as connection:
        found = bench(connection, db, key, question)
        judge = found.judge(name)
        wanted = {t.unit_id for part in parts for t in found.within(part)}
    return runs.start(db, who, key, judge, among=wanted)


def opening(db: Database, who: Identity, key: str, question: str) -> Opening | None:
    """The look at the test part, if somebody took it."""
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        rows = study_rows.events(connection, study.id, [OPENED])
        own = [row for row in rows if row.data["question"] == question]
        if not own:
            return None
        data = own[0].data
        return Opening(own[0].actor, own[0].created_at, tuple(data["names"]), data["figures"])


def open_test(
    db: Database, who: Identity, key: str, question: str, names: Sequence[str]
) -> Comparison:
    """Measure versions on the test part, once and for all; the look and its figures are logged.

    Raises `Refused` when it was opened before, or when a version has answered none of it.
    """
    require(who, "review")
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        if any(row.data["question"] == question
               for row in study_rows.events(connection, study.id, [OPENED])):  # fmt: skip
            raise Refused("the test part was opened before; what it showed stands below")
        found = bench(connection, db, key, question)
        seen = compared(found, [found.judge(name) for name in names], "test")
        for version in seen.versions:
            if not version.percent.n:
                raise Refused(f"{version.name} has answered nothing of the test part; run it first")
        data = {"question": question, "names": list(names), "figures": figures(seen)}
        study_rows.record(connection, study.id, OPENED, who.name, data)
    return seen


def figures(seen: Comparison) -> list[dict[str, Any]]:
    """A comparison as plain rows: one per version."""
    return [
        {"version": v.name, "digest": v.digest, "examples": v.examples, "units": seen.units,
         "adjudicated": seen.adjudicated, "excluded": len(seen.excluded),
         **_cells("kappa", v.kappa), **_cells("agreement", v.percent),
         **_cells("kappa_shared", v.shared), "mended": v.mended, "spoilt": v.spoilt}
        for v in seen.versions
    ]  # fmt: skip


def _cells(name: str, estimate: Estimate) -> dict[str, Any]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high,
            f"{name}_n": estimate.n, f"{name}_note": estimate.note}  # fmt: skip


def sizes(db: Database, who: Identity, key: str, question: str) -> dict[str, tuple[int, int]]:
    """Per part: how many units have a truth, and how many of them are adjudicated.

    Units on which people are split, or that nobody answered, have none until they are decided.
    """
    require(who, "review")
    with db.read() as connection:
        found = bench(connection, db, key, question)
        inside: dict[str, list[Truth]] = {part: found.within(part) for part in PARTS}
        return {p: (len(ts), sum(t.adjudicated for t in ts)) for p, ts in inside.items()}
