"""Results weighted by how units were chosen: what draws with unequal chances would bias."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.services import analysis
from core.services.access import Identity
from core.services.studies import Study
from core.services.tables import Sheet, follower
from core.statistics.base import Estimate
from core.statistics.table import MISSING, Table, majority
from core.statistics.weighted import Design, design, weighted
from storage import draws, items
from storage import studies as study_rows
from storage.database import Database

Reals = NDArray[np.float64]
EVEN = frozenset({"shuffled", "per_rater"})
AWAY = frozenset({"reserved", "skipped"})


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


@dataclass(frozen=True, slots=True)
class _Given:
    """Assignments as arrays, and the design that follows from them."""

    rows: Sequence[Any]
    units: NDArray[np.int64]
    drawn: Design
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
        with db.read() as connection:
            given = _given(db, connection, now)
        if given is None or not given.drawn.unequal:
            return None
        live = follower(db, now)
        places = sheet.place[np.searchsorted(live.units[:, 0], given.units)]
        if not (places != MISSING).any():
            return None
        rows = list(_rows(sheet, given, places))
        return Weighted(
            asked.name, rows, len(given.drawn.at), given.unknown, given.policies
        )  # fmt: skip


def _given(db: Database, connection: Connection, study: Study) -> _Given | None:
    """The assignments so far; remembered until there are more answers or other units."""
    mark = (study.version, study_rows.head(connection, study.key).revision,
            items.last_position(connection, study.id))  # fmt: skip
    known = db.cache.get(("weights", study.id))
    if known is None or known[0] != mark:
        known = (mark, _read(connection, study))
        db.cache[("weights", study.id)] = known
    found: _Given | None = known[1]
    return found


def _read(connection: Connection, study: Study) -> _Given | None:
    if not draws.drawn(connection, study.id):
        return None
    units = np.array(
        sorted(r.id for r in items.placing(connection, study.id) if r.position >= 0), np.int64
    )
    inside = set(units.tolist())
    rows = [r for r in draws.given(connection, study.id) if r.unit in inside]
    chances = [_weight(row) for row in rows]
    unknown = Counter(why for _, why in chances if why)
    policies = Counter(
        row.policy for row, (weight, _) in zip(rows, chances, strict=True) if weight == weight
    )
    drawn = design(
        np.searchsorted(units, [r.unit for r in rows]).tolist(), [r.rater for r in rows],
        [weight for weight, _ in chances],
        [r.state in {"submitted", "reserved"} for r in rows],
        units=len(units), overlap=study.protocol.assignment.overlap,
    )  # fmt: skip
    return _Given(rows, units, drawn, unknown, policies)


def _weight(row: Any) -> tuple[float, str]:
    """The weight against an even draw, or NaN and why it is not known ('': not answered yet)."""
    policy = row.policy.split("/")[0]
    if row.state == "reserved":
        return np.nan, ""
    if row.design.startswith("draw:"):
        many = row.design.removeprefix("draw:")
        if not many.isdigit() or not row.propensity:
            return np.nan, "have a probability that is missing or 0"
        return 1 / (int(many) * row.propensity), ""
    if policy in EVEN:
        return 1.0, ""
    return np.nan, REASONS.get(policy, "were given out by hand or by a rule without chance")


REASONS = {"import": "were imported", "shared": "came in the order of the import"}


def _rows(sheet: Sheet, given: _Given, places: NDArray[np.int64]) -> Iterator[WeightedRow]:
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


def _codes(table: Table, given: _Given, unit: NDArray[np.int64]) -> NDArray[np.int64]:
    """The code that each assignment's person gave; -1 for none."""
    place = {rater.id: n for n, rater in enumerate(table.raters) if rater.person}
    column = [
        table.columns[(place[r.rater], 0)] if r.rater in place and r.state not in AWAY else 0
        for r in given.rows
    ]
    known = np.array(column, np.int64)
    found = table.codes[np.maximum(unit, 0), known].astype(np.int64) if len(table.codes) else known
    return np.where((unit < 0) | (known == 0), MISSING, found)


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
