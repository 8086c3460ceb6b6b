"""What revising did: the same question about an output and about what goes back to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.services import analysis
from core.services.access import Identity
from core.services.findings import KNOWN, MAJORITY
from core.services.studies import Study
from core.services.tables import Sheet, follower
from core.statistics.table import GOLD, MISSING, Table, majority
from core.statistics.transitions import Transitions, transitions
from storage import items, outputs
from storage.database import Database

GOOD = frozenset({"correct", "right", "yes", "true", "pass", "good"})
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One rater's transitions: its name and kind ("group" for people's majority, "gold")."""

    name: str
    kind: str
    moves: Transitions


@dataclass(frozen=True, slots=True)
class Revisions:
    """Transitions per rater; `linked` pairs there are, `correct` labels counted as correct."""

    question: str
    labels: Sequence[str]
    correct: Sequence[str]
    linked: int
    rows: Sequence[RevisionRow]


def before_after(
    db: Database, who: Identity, study: str, question: str | None = None, *,
    correct: Sequence[str] = (),
) -> Revisions:  # fmt: skip
    """Transitions between before and after of one question, for every rater that judged a pair.

    A pair is a unit that shows one output alone, and the unit that shows alone the nearest output
    that it goes back to and that the question is asked of. `correct` are the labels that count as
    correct; empty, those that say so (correct, yes, ...), else the first. Raises `Denied`,
    `NoStudy`, `NoAnswer`.
    """
    with analysis.following(db, who, study, question) as (now, asked, sheet):
        labels = list(sheet.table.labels)
        chosen = [label for label in correct if label in labels] or usual(labels)
        good = {labels.index(label) for label in chosen}
        with db.read() as connection:
            links = chains(db, connection, now)
        _, places = nearest(db, now, sheet, links)
        first, second = places[:, 0], places[:, 1]
        rows = [
            RevisionRow(name, kind, transitions(codes[first], codes[second], good))
            for name, kind, codes in by_rater(sheet.table)
            if ((codes[first] != MISSING) | (codes[second] != MISSING)).any()
        ]
        return Revisions(asked.name, labels, chosen, len(first), rows)


def usual(labels: Sequence[str]) -> list[str]:
    """The labels that say that something is correct; else the first."""
    return [label for label in labels if label.lower() in GOOD] or list(labels[:1])


def exist(db: Database, study: Study) -> bool:
    """Whether a unit of the study shows what goes back to an output shown by another."""
    with db.read() as connection:
        return len(chains(db, connection, study)) > 0


def chains(db: Database, connection: Connection, study: Study) -> Ints:
    """Every output shown alone with what it goes back to, shown alone too, nearest first.

    An (n, 3) array: the units before and after, and how many steps lie between. It is remembered
    until there are more outputs.
    """
    mark = (items.last_position(connection, study.id), outputs.last(connection, study.id))
    known = db.cache.get(("revisions", study.id))
    if known is None or known[0] != mark:
        known = (mark, _found(connection, study.id))
        db.cache[("revisions", study.id)] = known
    found: Ints = known[1]
    return found


def _found(connection: Connection, study: int) -> Ints:
    links: list[tuple[int, int, int]] = []
    trees = outputs.trees(connection, study)
    if any(row.parent is not None for made in trees.values() for row in made):
        shown = outputs.alone(connection, study)
        for item, made in trees.items():
            rows = {row.id: row for row in made}
            for row in made:
                after, above, steps = shown.get((item, row.key)), row, 0
                while after is not None and above.parent is not None:
                    above, steps = rows[above.parent], steps + 1
                    before = shown.get((item, above.key))
                    if before is not None:
                        links.append((before, after, steps))
    return np.array(links, dtype=np.int64).reshape(len(links), 3)


def nearest(db: Database, study: Study, sheet: Sheet, links: Ints) -> tuple[Ints, Ints]:
    """The links of which the question is asked on both sides, the nearest of each unit after.

    The links themselves, and where both ends stand in the table (n, 2).
    """
    units = follower(db, study).units[:, 0]
    if not len(links) or not len(units):
        return links[:0], np.zeros((0, 2), np.int64)
    ends = links[:, :2]
    where = np.clip(np.searchsorted(units, ends), 0, len(units) - 1)
    places = np.where(units[where] == ends, sheet.place[where], MISSING)
    inside = (places != MISSING).all(axis=1)
    links, places = links[inside], places[inside]
    order = np.lexsort((links[:, 2], links[:, 1]))
    _, first = np.unique(links[order, 1], return_index=True)
    kept = np.sort(order[first])
    return links[kept], places[kept]


def by_rater(table: Table) -> list[tuple[str, str, Ints]]:
    """Known answers, the majority of people, then every rater: name, kind, code per unit."""
    found = [(KNOWN, "gold", table.codes[:, GOLD].astype(np.int64))]
    people = [n for n, rater in enumerate(table.raters) if rater.kind == "person"]
    if len(people) > 1:
        counts = np.zeros((table.possible, table.k), np.int64)
        for rater in people:
            column = table.column(rater)
            if column is not None:
                codes = table.codes[:, column].astype(np.int64)
                given = np.flatnonzero(codes != MISSING)
                np.add.at(counts, (given, codes[given]), 1)
        found.append((MAJORITY, "group", majority(counts)))
    for n, one in enumerate(table.raters):
        column = table.column(n)
        if column is not None:
            found.append((one.name, one.kind, table.codes[:, column].astype(np.int64)))
    return found


def flat(found: Revisions) -> list[dict[str, Any]]:
    """Every number of the transitions, unrounded, for a table or a file."""
    rows = []
    for row in found.rows:
        moves = row.moves
        named = [*moves.ratios.values(), moves.before, moves.after, moves.change, moves.kept,
                 moves.mended]  # fmt: skip
        rows += [
            {"question": found.question, "by": row.name, "kind": row.kind, "name": e.name,
             "value": e.value, "low": e.low, "high": e.high, "n": e.n, "coverage": e.coverage,
             "count": moves.counts.get(e.name), "note": e.note}
            for e in named
        ]  # fmt: skip
    return rows
