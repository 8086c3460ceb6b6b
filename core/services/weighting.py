"""Results weighted by how units were chosen: what draws with unequal chances would bias."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.services import analysis
from core.services.access import Identity
from core.services.chances import Given, chances, ordinary
from core.services.tables import Sheet, follower
from core.statistics.base import Estimate
from core.statistics.table import MISSING, Table, majority
from core.statistics.weighted import weighted
from storage.database import Database

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightedRow:
    """One number three ways: `plain` over the answers, `hajek` and `ht` weighted (see there).

    `what` says what is measured, of `of` (a label or a model).
    """

    what: str
    of: str
    plain: Estimate
    hajek: Estimate
    ht: Estimate


@dataclass(frozen=True, slots=True)
class Weighted:
    """The weighted numbers of one question. `drawn` answers have a known probability.

    `unknown` counts those that do not, by why; `policies` counts the drawn ones by policy.
    """

    question: str
    rows: Sequence[WeightedRow]
    drawn: int
    unknown: Mapping[str, int]
    policies: Mapping[str, int]


def weights(
    db: Database, who: Identity, study: str, question: str | None = None, *,
    where: Mapping[str, Sequence[str]] | None = None,
) -> Weighted | None:  # fmt: skip
    """The share of each answer, agreement and accuracy of each model, weighted by 1 / probability.

    None where every drawn unit was as likely as any other, where nothing was drawn, and for parts
    of answers that are units of their own: the plain numbers are all there is then. Raises
    `Denied`, `NoStudy`, `NoAnswer`.
    """
    with analysis.following(db, who, study, question, where) as (now, asked, sheet):
        live = follower(db, now)
        with db.read() as connection:
            given = chances(db, connection, now, live.units, live.signature)
        if given is None or not given.drawn.unequal:
            return None
        places = sheet.place[ordinary(live.units)]
        if not (places != MISSING).any():
            return None
        known = sheet.estimates.get("weighted")
        if known is None or known[0] != (given, now.revision):
            known = (given, now.revision), list(_rows(sheet, given, places))
            sheet.estimates["weighted"] = known
        rows: Sequence[WeightedRow] = known[1]
        return Weighted(asked.name, rows, len(given.drawn.at), given.unknown, given.policies)


def _rows(sheet: Sheet, given: Given, places: NDArray[np.int64]) -> Iterator[WeightedRow]:
    """Every number of a question; `places` are where the design's units stand in its table."""
    table, unit = sheet.table, places[given.drawn.unit]
    inside = places != MISSING
    codes = _codes(table, given, unit)
    why = "".join(f"; {n:,} answers {reason}" for reason, n in given.unknown.items())

    def row(what: str, of: str, values: Reals, share: bool = True) -> WeightedRow:
        found = weighted(what, given.drawn, values, inside=inside, share=share, why=why)
        return WeightedRow(what, of, _plain(what, values), *found)

    for code, label in enumerate(table.labels):
        yield row("share of answers", label, np.where(codes < 0, np.nan, codes == code))
    scale = _numbers(table)
    if scale is not None:
        yield row("mean answer", "", np.where(codes < 0, np.nan, scale[codes]), False)
    people = majority(table.patterns["people"].counts) if table.possible else codes
    for index, rater in enumerate(table.raters):
        if rater.person:
            continue
        said = np.where(unit < 0, MISSING, table.codes[unit, table.columns[(index, 0)]])
        if not ((said >= 0) & (codes >= 0)).any():
            continue
        both = (codes >= 0) & (said >= 0)
        yield row("people agree with", rater.title, np.where(both, codes == said, np.nan))
        most = np.where(unit < 0, MISSING, people[unit])
        both &= most >= 0
        yield row("accuracy against people", rater.title, np.where(both, said == most, np.nan))


def _codes(table: Table, given: Given, unit: NDArray[np.int64]) -> NDArray[np.int64]:
    """The code that each assignment's person gave; -1 for none."""
    people = [(r.id, table.columns[(n, 0)]) for n, r in enumerate(table.raters) if r.person]
    ids, columns = np.array(sorted(people), np.int64).reshape(len(people), 2).T
    if not len(ids) or not table.possible:
        return np.full(len(unit), MISSING, np.int64)
    place = np.minimum(np.searchsorted(ids, given.rater), len(ids) - 1)
    there = (ids[place] == given.rater) & (unit >= 0)
    found = table.codes[np.maximum(unit, 0), columns[place]].astype(np.int64)
    return np.where(there, found, MISSING)


def _numbers(table: Table) -> Reals | None:
    """The labels as numbers, where all are and they have an order; else None."""
    if table.level == "nominal":
        return None
    try:
        return np.array([float(label.split()[0]) for label in table.labels])
    except (ValueError, IndexError):
        return None


def _plain(what: str, values: Reals) -> Estimate:
    """The mean over the answers as they are."""
    there = values[~np.isnan(values)]
    method = "plain mean over the answers"
    if not len(there):
        return Estimate(what, None, method=method, note="undefined: no answer has a value")
    return Estimate(what, float(there.mean()), n=len(there), method=method)


def flat(found: Weighted) -> list[dict[str, Any]]:
    """The rows for a table or a file."""
    return [
        {
            "question": found.question, "what": row.what, "of": row.of, "plain": row.plain.value,
            "plain_n": row.plain.n,
            "hajek": row.hajek.value, "hajek_low": row.hajek.low, "hajek_high": row.hajek.high,
            "horvitz_thompson": row.ht.value, "horvitz_thompson_low": row.ht.low,
            "horvitz_thompson_high": row.ht.high, "horvitz_thompson_note": row.ht.note,
            "n": row.hajek.n, "effective_n": row.hajek.detail.get("effective_n"),
            "max_weight": row.hajek.detail.get("max_weight"), "note": row.hajek.note,
        }
        for row in found.rows
    ]  # fmt: skip
