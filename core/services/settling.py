"""After a disagreement: asking people again, and mending the guidelines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.protocol import from_data
from core.services import assignment, studies
from core.services.access import Identity, require
from core.services.choosing import Choice, Setting
from core.services.review import Detail
from core.services.studies import Refused, Study
from core.statistics.alpha import krippendorff_alpha
from core.statistics.base import Estimate
from core.statistics.cohen import cohen_kappa
from core.statistics.table import cross
from core.units import Invalid
from storage import assignments, candidates, items, judgments, reviews, team
from storage import studies as study_rows
from storage.database import Database

PIECE = 200
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Again:
    """Units that people were asked again: how many wait, and agreement before and after.

    Over the units and people with both answers. `kappa` is Cohen's for two people, else the mean
    over the pairs of people who share a unit.
    """

    waiting: int
    units: int
    alpha: tuple[Estimate, Estimate]
    kappa: tuple[Estimate, Estimate]
    changed: int
    answers: int


def ask_again(
    db: Database, who: Identity, key: str, question: str, unit_id: int, note: str = ""
) -> int:
    """Give a unit back to the people who answered a question about it; returns to how many.

    Each gets a fresh look without their earlier answer, as a new assignment of stage `revised`. Who
    is paused, or has not answered the last time yet, is passed by. Raises `Refused` when there is
    nobody to ask.
    """
    require(who, "review")
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        asked = study.protocol.question(question)
        people = {row.id: row for row in team.people(connection, study.id)}
        rows = candidates.answers(connection, [unit_id], [study.wording(asked)])
        known = reviews.looks(connection, unit_id)
        given = 0
        for rater in {r.rater for r in rows if r.kind == "person" and r.rater in people}:
            waits = any(look.rater == rater and look.state == "reserved" for look in known)
            if waits or (people[rater].spec or {}).get("blocked"):
                continue
            turn = 1 + max((look.repeat for look in known if look.rater == rater), default=0)
            person = Identity(people[rater].key)
            at = Setting(
                db, connection, study, person, rater, assignments.standing(connection, rater),
                items.last_position(connection, study.id) + 1,
            )  # fmt: skip
            choice = Choice(unit_id, 0, "reask/1", stage="revised", repeat=turn, arm="")
            given += assignment.place_new(at, choice) is not None
        if not given:
            raise Refused(
                "there is nobody to ask: nobody has answered it, or they are asked already"
            )
        study_rows.record(
            connection, study.id, "reask", who.name,
            {"question": question, "people": given, "note": note.strip()[:2000]}, unit=unit_id,
        )  # fmt: skip
    return given


def again(db: Database, who: Identity, key: str, question: str) -> Again:
    """What asking again came to, for one question."""
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        asked = study.protocol.question(question)
        wordings = study_rows.wordings_of(connection, asked.name)
        later = _later(db, connection, study, wordings)
        waiting = reviews.waiting(connection, study.id)
        units = sorted({unit for unit, _ in later})
        first: dict[tuple[int, int], int] = {}
        for start in range(0, len(units), PIECE):
            part = candidates.answers(connection, units[start : start + PIECE], wordings)
            first |= {
                (r.unit, r.rater): int(r.code)
                for r in part if r.repeat == 0 and r.kind == "person" and r.code is not None
            }  # fmt: skip
    both = sorted(set(first) & set(later))
    k = len(asked.scale().labels)
    before, after = (_grid(both, codes, k) for codes in (first, later))
    changed = sum(first[place] != later[place] for place in both)
    metric: Any = asked.scale().level
    return Again(
        waiting, len({unit for unit, _ in both}),
        (_alpha(before, k, metric), _alpha(after, k, metric)),
        (_kappa(before, k), _kappa(after, k)), changed, len(both),
    )  # fmt: skip


def _later(
    db: Database, connection: Connection, study: Study, wordings: Sequence[int]
) -> dict[tuple[int, int], int]:  # fmt: skip
    """The newest code that each person gave when asked again: (unit, rater) -> code.

    Only what is new in the log since the last look is read.
    """
    place = ("asked again", study.id, tuple(wordings))
    seen, newest = db.cache.get(place) or (0, {})
    revision = judgments.revision(connection, study.id)
    if revision > seen:
        fresh = reviews.again(connection, study.id, wordings, seen)
        newest = newest | {(row.unit, row.rater, row.repeat): row for row in fresh}
        db.cache[place] = (revision, newest)
    counted = sorted(
        (r for r in newest.values() if not r.withdrawn and r.code is not None),
        key=lambda r: int(r.repeat),
    )
    return {(row.unit, row.rater): int(row.code) for row in counted}


def _grid(
    places: Sequence[tuple[int, int]], codes: Mapping[tuple[int, int], int], k: int
) -> Ints:  # fmt: skip
    """Codes as units x people; -1 where there is none, or one of another scale."""
    units = {unit: n for n, unit in enumerate(dict.fromkeys(u for u, _ in places))}
    people = {rater: n for n, rater in enumerate(sorted({r for _, r in places}))}
    grid = np.full((len(units), len(people)), -1, np.int64)
    for unit, rater in places:
        code = codes[unit, rater]
        grid[units[unit], people[rater]] = code if code < k else -1
    return grid


def _alpha(grid: Ints, k: int, metric: Any) -> Estimate:
    counts = np.stack([(grid == code).sum(axis=1) for code in range(k)], axis=1)
    return krippendorff_alpha(counts, metric=metric)


def _kappa(grid: Ints, k: int) -> Estimate:
    """Cohen's kappa of two people; of more, the plain mean over pairs, without an interval."""
    pairs = [cross(grid[:, a], grid[:, b], k) for a, b in combinations(range(grid.shape[1]), 2)]
    found = [cohen_kappa(pair) for pair in pairs if pair.sum()]
    if len(found) == 1:
        return found[0]
    values = [e.value for e in found if e.value is not None]
    method = "mean of Cohen's kappa over pairs of people"
    if not values:
        return Estimate("kappa", None, method=method, note="undefined: no two people share a unit")
    return Estimate("kappa", float(np.mean(values)), n=len(grid), method=method,
                    note=f"mean of {len(values)} pairs; no interval")  # fmt: skip


def proposal(seen: Detail, note: str = "") -> str:
    """A sentence for the guidelines that would settle a case, for the researcher to edit."""
    held = seen.adjudicated
    fields = " ".join(content.text() for content in seen.unit.fields.values())
    about = " ".join(fields.split())[:120] or seen.unit.key
    answer = f"the answer is “{held.words}”" if held else "the answer is …"
    if held and _names_one(held.value, seen.unit.order):
        answer = "the one to choose is the one that …"
    reason = (note or (held.rationale if held else "")).strip().rstrip(".")
    because = f"because {reason[0].lower()}{reason[1:]}." if reason else "because …"
    return f"**{seen.question.title}** In a case like “{about}”, {answer}, {because}"


def _names_one(value: Any, outputs: Sequence[str]) -> bool:
    """Whether an answer names a response, whose letter means nothing outside its unit."""
    named = value.values() if isinstance(value, dict) else value
    return isinstance(named, Iterable) and any(one in outputs for one in named)


def propose(
    db: Database, who: Identity, key: str, seen: Detail, text: str, *, apply: bool = False
) -> int:  # fmt: skip
    """Keep a proposed change of the guidelines; with `apply` it is put at their end at once.

    Returns the study's version. A change of guidelines keeps the wordings of the questions, so that
    answers go on counting. Raises `Invalid` for an empty text.
    """
    require(who, "edit" if apply else "review")
    wanted = text.strip()
    if not wanted or "…" in wanted:
        raise Invalid("text", "write the whole sentence: what to answer, and why")
    study = studies.load(db, key)
    if apply:
        data = study.protocol.data()
        data["guidelines"] = f"{study.protocol.guidelines.rstrip()}\n\n{wanted}\n".lstrip()
        study = studies.edit(db, who, key, from_data(data), study.version)
    with db.write() as connection:
        study_rows.record(
            connection, study.id, "proposal", who.name,
            {"question": seen.question.name, "text": wanted, "applied": apply,
             "version": study.version}, unit=seen.unit_id,
        )  # fmt: skip
    return study.version
