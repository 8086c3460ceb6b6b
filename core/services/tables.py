"""The analysis tables of a study: loaded once, then following the tail of its log."""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.questions.base import Question
from core.services import known_answers, pools, studies
from core.services.studies import Study
from core.statistics.table import MISSING, Rater, Table
from storage import exported, frames, items
from storage import studies as study_rows
from storage.database import Database

Ints = NDArray[np.int64]
Where = tuple[tuple[str, tuple[str, ...]], ...]
SLICES = 24
AUDIT = "audit slice"
DRAWN = {True: "yes", False: "no"}


@dataclass
class Sheet:
    """A table, where each unit of the study stands in it (-1: not in it), and what was computed.

    `gold_refused` counts known answers that do not fit the question.
    """

    table: Table
    place: Ints
    gold_refused: int = 0
    estimates: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    pace: dict[int, tuple[int, float]] = field(default_factory=dict)


class Follower:
    """One study's sheets, one per question and slice.

    `lock` guards everything: hold it while following and while reading a table. The sheets hold
    counts up to the log's row `seen`.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.signature: tuple[int, int] | None = None
        self.seen = 0
        self.units: Ints = np.zeros((0, 3), np.int64)
        self.audits: dict[int, bool] | None = None
        self.drawn: frozenset[int] | None = None
        self.facts: dict[int, Any] | None = None
        self.fact_values: dict[str, set[str]] | None = None
        self.raters: dict[int, Rater] = {}
        self.sheets: dict[tuple[str, Where], Sheet] = {}
        self.questions: dict[int, str] = {}

    def follow(self, connection: Connection, study: Study) -> None:
        """Bring every sheet up to the end of the log; start anew when units or wordings changed."""
        signature = (study.version, items.last_position(connection, study.id))
        if signature != self.signature:
            self._start(connection, study)
            self.signature = signature
        rows = frames.tail(connection, study.id, self.seen)
        if not len(rows):
            return
        self._know(connection, study, rows)
        fresh = self.seen == 0
        for wording, name in self.questions.items():
            own = rows[rows[:, 2] == wording]
            for (question, _), sheet in self.sheets.items():
                if question == name and len(own):
                    self._load(sheet, own) if fresh else self._put(sheet, own)
        until = int(rows[-1, 0])
        self._time(frames.pace(connection, study.id, self.seen, until))
        self.seen = until

    def _start(self, connection: Connection, study: Study) -> None:
        self.seen, self.facts, self.raters, self.sheets = 0, None, {}, {}
        self.fact_values = self.audits = self.drawn = None
        self.units = frames.unit_places(connection, study.id)
        coded = [q for q in study.protocol.questions if q.scale().level != "none"]
        self.questions = {study.wording(q): q.name for q in coded}
        known = self.known(connection, study)
        for question in coded:
            self.sheets[(question.name, ())] = self._sheet(connection, study, question, known)

    def known(self, connection: Connection, study: Study) -> Sequence[Any]:
        """Units whose item has known answers."""
        return frames.known_answers(connection, study.id)

    def raters_of(
        self, connection: Connection, study: Study, ids: Iterable[int]
    ) -> Mapping[int, Rater]:
        """The raters by id, read again when one of these is not known."""
        if set(ids) - set(self.raters):
            self.raters = named(study_rows.raters(connection, study.id))
        return self.raters

    def asking(self, connection: Connection, study: Study, question: Question) -> NDArray[np.bool_]:
        """Which units of the study's own the question is asked of, by its `only` and its `roles`.

        Units of rounds, attention items and questionnaires are none; known answers mixed in are.
        """
        keep = self.matching(connection, study, where_of(question.only))
        keep &= pools.counted(self.units[:, 2])
        if question.roles:
            shown = frames.units_of(connection, study.id, question.roles)
            keep &= np.isin(self.units[:, 0], shown)
        return keep

    def _sheet(
        self, connection: Connection, study: Study, question: Question, known: Sequence[Any]
    ) -> Sheet:
        keep = self.asking(connection, study, question)
        gold, refused = self._gold(connection, study, question, known)
        scale = question.scale()
        table = Table(scale.labels, scale.level, units=int(keep.sum()), gold=gold[keep])
        return Sheet(table, places(keep), refused)

    def _gold(
        self, connection: Connection, study: Study, question: Question, known: Iterable[Any]
    ) -> tuple[Ints, int]:
        """Code of each unit's known answer, and how many known answers do not fit."""
        codes = np.full(len(self.units), MISSING, np.int64)
        found, refused = known_answers.codes(connection, study, question, known)
        for unit, own in found.items():
            codes[np.searchsorted(self.units[:, 0], unit)] = own.get("", MISSING)
        return codes, refused

    def matching(self, connection: Connection, study: Study, where: Where) -> NDArray[np.bool_]:
        """Which units have, for every named fact, one of the listed values.

        The fact `AUDIT` is one of units: whether a unit was drawn from the pairs left out.
        """
        keep = np.ones(len(self.units), bool)
        if not where:
            return keep
        for name, values in where:
            if name == AUDIT:
                keep &= [value in values for value in self._audit_values(connection, study)]
        where = tuple(pair for pair in where if pair[0] != AUDIT)
        if not where:
            return keep
        facts = self.known_facts(connection, study)
        good = {
            item
            for item, meta in facts.items()
            if all(str(meta.get(name)) in values for name, values in where)
        }
        keep &= [int(item) in good for item in self.units[:, 1]]
        return keep

    def audited(self, connection: Connection, study: Study) -> Mapping[int, bool]:
        """The units that a rule for pairs made: whether each was drawn for the audit."""
        if self.audits is None:
            self.audits = exported.audits(connection, study.id)
        return self.audits

    def drawn_apart(self, connection: Connection, study: Study) -> Collection[int]:
        """The units that were drawn for the audit."""
        if self.drawn is None:
            audits = self.audited(connection, study)
            self.drawn = frozenset(unit for unit, drawn in audits.items() if drawn)
        return self.drawn

    def _audit_values(self, connection: Connection, study: Study) -> list[str]:
        found = self.audited(connection, study)
        return [DRAWN.get(found[unit], "") if unit in found else ""
                for unit in self.units[:, 0].tolist()]  # fmt: skip

    def known_facts(self, connection: Connection, study: Study) -> dict[int, Any]:
        """Facts about each item, read at the first need."""
        if self.facts is None:
            self.facts = frames.item_facts(connection, study.id)
        return self.facts

    def values(self, connection: Connection, study: Study) -> dict[str, set[str]]:
        """The values of each plain fact about the items, gathered at the first need."""
        if self.fact_values is None:
            self.fact_values = {}
            for meta in self.known_facts(connection, study).values():
                for name, value in (meta or {}).items():
                    if isinstance(value, str | int | float | bool):
                        self.fact_values.setdefault(name, set()).add(str(value))
            if self.drawn_apart(connection, study):
                self.fact_values[AUDIT] = set(DRAWN.values())
        return self.fact_values

    def _know(self, connection: Connection, study: Study, rows: Ints) -> None:
        """Read the raters again when the rows name one that is not known."""
        self.raters_of(connection, study, np.unique(rows[:, 3]).tolist())

    def _load(self, sheet: Sheet, rows: Ints) -> None:
        units = sheet.place[np.searchsorted(self.units[:, 0], rows[:, 1])]
        inside = units >= 0
        rows, units = rows[inside], units[inside]
        ids, index = np.unique(rows[:, 3], return_inverse=True)
        raters = [self.raters[int(i)] for i in ids]
        sheet.table.load(raters, units, index, _codes(rows), rows[:, 4])

    def _put(self, sheet: Sheet, rows: Ints) -> None:
        if len(rows) > 2000:
            self._load(sheet, rows)
            return
        units = sheet.place[np.searchsorted(self.units[:, 0], rows[:, 1])]
        for unit, row, code in zip(units, rows, _codes(rows), strict=True):
            if unit >= 0:
                rater = sheet.table.rater(self.raters[int(row[3])])
                sheet.table.put(int(unit), rater, int(code), int(row[4]))

    def _time(self, rows: Iterable[Any]) -> None:
        for wording, rater, many, seconds in rows:
            sheet = self.sheets.get((self.questions.get(wording, ""), ()))
            if sheet is not None:
                n, total = sheet.pace.get(rater, (0, 0.0))
                sheet.pace[rater] = (n + many, total + float(seconds))

    def sheet(
        self, connection: Connection, study: Study, question: str, where: Where = ()
    ) -> Sheet:
        """The sheet of a question over the units that match; raises KeyError without codes."""
        found = self.sheets.get((question, where))
        if found is None:
            base = self.sheets[(question, ())]
            keep = self.matching(connection, study, where) & (base.place >= 0)
            part = base.table.sliced(keep[base.place >= 0])
            found = Sheet(part, places(keep), base.gold_refused)
            self._make_room()
            self.sheets[(question, where)] = found
        return found

    def _make_room(self) -> None:
        """Drop the oldest slice when there are many."""
        slices = [key for key in self.sheets if key[1]]
        if len(slices) >= SLICES:
            del self.sheets[slices[0]]


def named(rows: Sequence[Any]) -> dict[int, Rater]:
    """Raters by id; those of the same name are told apart by the start of their key."""
    names = [r.name or r.key for r in rows]
    return {
        r.id: Rater(
            r.id, name if names.count(name) == 1 else f"{name} [{r.key[:8]}]", r.kind,
            bool((r.spec or {}).get("simulated")),
        )
        for r, name in zip(rows, names, strict=True)
    }  # fmt: skip


def follower(db: Database, study: Study) -> Follower:
    """The follower of a study in this process; made at first use."""
    found: Follower = db.cache.setdefault(("tables", study.id), Follower())
    return found


def where_of(only: Mapping[str, Sequence[str]]) -> Where:
    """A slice in its one form: sorted names, sorted values."""
    return tuple(sorted((name, tuple(sorted(map(str, v)))) for name, v in only.items() if v))


def places(keep: NDArray[np.bool_]) -> Ints:
    """Where each unit stands among those that are kept; -1 for the others."""
    return np.where(keep, np.cumsum(keep) - 1, MISSING).astype(np.int64)


def _codes(rows: Ints) -> Ints:
    return np.where(rows[:, 6] != 0, MISSING, rows[:, 5])


def slice_of(where: Mapping[str, Sequence[str]] | None) -> Where:
    """A filter {fact: values} as a slice; facts without values do not filter."""
    return where_of(where or {})


def study_of(db: Database, key: str, connection: Connection) -> Study:
    """The study as it is now, seen by this connection."""
    return studies.load(db, key, connection)
