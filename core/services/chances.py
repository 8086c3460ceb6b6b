"""By what chance units were given out: read once, then kept up from the tail of the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.services.moves import Moves
from core.services.studies import Study
from core.statistics.designs import Assigned, Column, Design
from core.statistics.table import MISSING
from storage import draws
from storage.database import Database

Ints = NDArray[np.int64]
EVEN = frozenset({"shuffled", "per_rater"})
AWAY = frozenset({"reserved", "skipped"})
COUNTED = frozenset({"reserved", "submitted"})
REASONS = {"import": "were imported", "shared": "came in the order of the import"}
ROW = np.dtype([
    ("id", "i8"), ("unit", "i8"), ("rater", "i8"), ("weight", "f8"), ("counted", "?"),
    ("away", "?"), ("why", "i8"), ("policy", "i8"),
])  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Assignments as arrays, and the design that follows from them.

    `rater` is the rater of each assignment, -1 where it holds no answer. `unknown` counts answers
    without a known probability, by why; `policies` counts the drawn ones by policy. The units of
    `drawn` are the `ordinary` ones of the study, in their order.
    """

    rater: Ints
    drawn: Design
    unknown: Mapping[str, int]
    policies: Mapping[str, int]


class Chances:
    """The ordinary assignments of one study, as far as its log was read."""

    def __init__(self, study: Study, units: Ints) -> None:
        """Nothing yet. `units` are row ids of the units of the ordinary work, ascending."""
        self.study, self.units = study.id, units
        self.overlap = study.protocol.assignment.overlap
        self.names: dict[str, int] = {}
        self.moves = Moves(study.id)
        self.drawn = False
        self._begin()

    def _begin(self) -> None:
        self.rows, self.assigned = Column(ROW), Assigned(len(self.units), self.overlap)
        self.given: Given | None = None

    def follow(self, connection: Connection, revision: int) -> Given | None:
        """The assignments as they are at the log's row `revision`; None where none was drawn."""
        if revision != self.moves.seen:
            rows = self.moves.follow(connection, revision)
            if rows is None:
                self._load(connection)
            else:
                own = [row for row in rows if row.stage == "first" and row.repeat == 0]
                self._take(own, connection)
        if self.drawn and self.given is None:
            self.given = self._given()
        return self.given

    def _load(self, connection: Connection) -> None:
        """Read everything; where nothing was drawn, nothing is kept."""
        self._begin()
        self.drawn = draws.drawn(connection, self.study)
        if self.drawn:
            found = map(self._row, draws.given(connection, self.study))
            self._add([row for row in found if row is not None])

    def _take(self, rows: Sequence[Any], connection: Connection) -> None:
        """Bring these up to date; what came before the first that is new or gone stays."""
        if not self.drawn:
            if any(row.design.startswith("draw:") for row in rows):
                self._load(connection)
            return
        held, low = self.rows.rows, len(self.rows)
        fresh = list(map(self._row, rows))
        places = np.searchsorted(held["id"], [row.id for row in rows]).tolist()
        for place, row, new in zip(places, rows, fresh, strict=True):
            here = place < len(held) and held["id"][place] == row.id
            if here and new is not None and held["counted"][place] == new[4]:
                self._put(place, new)
            elif here or new is not None:
                low = min(low, place)
                self.given = None
        later = [n for n, place in enumerate(places) if place >= low]
        if later:
            self._replace(low, {rows[n].id: fresh[n] for n in later})

    def _put(self, place: int, new: tuple[Any, ...]) -> None:
        """Say anew what does not change what was open to others."""
        held = self.rows.rows
        if held[place].tobytes() != np.array(new, ROW).tobytes():
            held[place] = new
            self.assigned.weigh(place, new[3])
            self.given = None

    def _replace(self, low: int, fresh: Mapping[int, Any]) -> None:
        """Put rows in from the place `low` on, and take those out that are None."""
        rows = {row[0]: row for row in self.rows.rows[low:].tolist()} | dict(fresh)
        self.rows.cut(low)
        self.assigned.cut(low)
        self._add([row for _, row in sorted(rows.items()) if row is not None])

    def _add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self.rows.extend(rows)
        columns = list(zip(*rows, strict=True))[1:5] or [()] * 4
        self.assigned.extend(*columns)

    def _row(self, row: Any) -> tuple[Any, ...] | None:
        """What is kept of an assignment; None for one that was let go of or is of other work."""
        place = int(np.searchsorted(self.units, row.unit))
        inside = place < len(self.units) and self.units[place] == row.unit
        if row.state == "released" or not inside:
            return None
        weight, why = chance(row)
        return (
            row.id, place, row.rater, weight, row.state in COUNTED, row.state in AWAY,
            self._number(why), self._number(row.policy),
        )  # fmt: skip

    def _number(self, name: str) -> int:
        """The number of a reason or a policy."""
        return self.names.setdefault(name, len(self.names))

    def _given(self) -> Given:
        rows = self.rows.rows
        known = ~np.isnan(rows["weight"])
        unknown = self._counted(rows["why"])
        unknown.pop("", None)
        rater = np.where(rows["away"], MISSING, rows["rater"])
        policies = self._counted(rows["policy"][known])
        return Given(rater, self.assigned.design(), unknown, policies)

    def _counted(self, numbers: Ints) -> dict[str, int]:
        """How often each name occurs, in the order in which they come first."""
        found, first, many = np.unique(numbers, return_index=True, return_counts=True)
        names = list(self.names)
        return {names[found[n]]: int(many[n]) for n in np.argsort(first)}


def chance(row: Any) -> tuple[float, str]:
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


def ordinary(places: Ints) -> NDArray[np.bool_]:
    """Which units (id, item, position) are of the ordinary work, that is drawn from."""
    return np.asarray(places[:, 2] >= 0)


def chances(
    db: Database, connection: Connection, study: Study, places: Ints, signature: Any
) -> Given | None:
    """The assignments of a study as they are now; None where none was drawn.

    `places` are its units (id, item, position), ascending; `signature` says which units and which
    protocol these are. Call it while nobody else does, for one study.
    """
    key = ("chances", study.id)
    known = db.cache.get(key)
    if known is None or known[0] != signature:
        known = db.cache[key] = (signature, Chances(study, places[ordinary(places), 0]))
    found: Chances = known[1]
    return found.follow(connection, study.revision)
