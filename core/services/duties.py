"""What a worker is asked of each unit: found once for all units that do not differ in it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from sqlalchemy import Connection

from core.content.base import restore
from core.services import material, pools
from core.services.studies import Study
from core.units import Shown, own_gold
from core.workers.base import CannotAnswer, Worker
from storage import sketches

MOST = 2000  # values of one fact that are told apart; with more, units are looked at one by one
ABSENT = ("absent",)
Read = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Duty:
    """What a worker is asked of a unit: wordings (row ids), or the reason why it passes it by.

    A unit that the worker's `only` leaves out does not `fit`.
    """

    fits: bool = False
    asked: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Fork:
    """What decides next: a fact, field or known answer by name; and the way on for each value."""

    read: Read
    ways: dict[Any, Any] = field(default_factory=dict)


class Watched(Mapping[str, Any]):
    """A mapping that notes what of it was looked up, and whether all of it was."""

    def __init__(self, kind: str, values: Callable[[], Mapping[str, Any]], noted: "Noted") -> None:
        self._kind, self._read, self._noted = kind, values, noted

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        return self._read()

    def __getitem__(self, name: str) -> Any:
        self._noted.reads.setdefault((self._kind, name), _mark(self._values, name))
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        self._noted.whole = True
        return iter(self._values)

    def __len__(self) -> int:
        self._noted.whole = True
        return len(self._values)


@dataclass(slots=True)
class Noted:
    """What was looked up of a unit, in order, with a mark of each value; or the `whole` of it."""

    reads: dict[Read, Any] = field(default_factory=dict)
    whole: bool = False


def _mark(values: Mapping[str, Any], name: str) -> Any:
    """A value by which units are told apart."""
    if name not in values:
        return ABSENT
    value = values[name]
    return value if type(value) is str else ("value", repr(value))


SOURCES: Mapping[str, Callable[[Connection, int], Mapping[int, str]]] = {
    "fact": sketches.facts, "known": sketches.known, "field": sketches.fields,
}  # fmt: skip


class Duties:
    """The duties of one worker in one study.

    A worker and its questions decide by the roles of outputs that a unit shows, by where it stands,
    and by facts, known answers and fields that they look up by name. What they look up is watched,
    and units that have the same values there share what was found.
    """

    def __init__(self, connection: Connection, study: Study, worker: Worker) -> None:
        self.connection, self.study, self.worker = connection, study, worker
        self.blank = restore({"kind": "text", "data": ""})
        self._found: dict[Any, Any] = {}
        self._texts: dict[str, Mapping[int, str]] = {}
        self._read: dict[tuple[str, str], Mapping[str, Any]] = {}
        known = sketches.roles(connection, study.id)
        self._role = next(iter(known), "")
        self._roles = sketches.role_of(connection, study.id) if len(known) > 1 else {}

    def units(self) -> Iterator[Any]:
        """The units that workers may be given, in order: see `storage.sketches.units`."""
        apart = {"before", "after"}
        for row in sketches.units(self.connection, self.study.id):
            if row.position >= 0 or pools.at(self.study.protocol, row.position) not in apart:
                yield row

    def of(self, row: Any) -> Duty:
        """What the worker is asked of a unit."""
        pool = pools.at(self.study.protocol, row.position) if row.position < 0 else ""
        own = (pool, self._shown(row))
        found = self._found.get(own)
        while isinstance(found, _Fork):
            kind, name = found.read
            found = found.ways.get(_mark(self.values(kind, row), name))
        return self._look(row, own) if found is None else found

    def asked(self) -> tuple[str, ...] | None:
        """The names of the questions that it is asked of any unit; None where there is no unit."""
        questions = self.study.protocol.questions
        names = {self.study.wording(question): question.name for question in questions}
        found, units = set[str](), False
        for row in self.units():
            units = True
            found |= {names[wording] for wording in self.of(row).asked if wording in names}
            if len(found) == len(names):
                break
        return tuple(name for name in names.values() if name in found) if units else None

    def _shown(self, row: Any) -> tuple[str, ...]:
        """The roles of the outputs that a unit shows."""
        if row.outputs == "[]":
            return ()
        keys = json.loads(row.outputs)
        if not self._roles:
            return (self._role,) * len(keys)
        return tuple(self._roles[row.item, key] for key in keys)

    def values(self, kind: str, row: Any) -> Mapping[str, Any]:
        """The facts, known answers or fields of a unit's item; all of a study are read at once."""
        texts = self._texts.get(kind)
        if texts is None:
            texts = self._texts[kind] = SOURCES[kind](self.connection, self.study.id)
        text = texts.get(row.item) or "null"
        found = self._read.get((kind, text))
        if found is None:
            found = self._parsed(kind, text)
            if len(self._read) < MOST:
                self._read[kind, text] = found
        return own_gold(found, json.loads(row.outputs)) if kind == "known" else found

    def _parsed(self, kind: str, text: str) -> Mapping[str, Any]:
        found: Any = json.loads(text) or {}
        return dict.fromkeys(found, self.blank) if kind == "field" else found

    def _look(self, row: Any, own: tuple[str, tuple[str, ...]]) -> Duty:
        """Find out, and keep it for units that are alike."""
        noted = Noted()
        facts, known, fields = (
            Watched(kind, partial(self.values, kind, row), noted) for kind in SOURCES
        )
        shown = tuple(Shown(str(n), self.blank, role) for n, role in enumerate(own[1]))
        unit = material.outline(self.study, row.position, shown, fields, facts, known)
        found = Duty()
        if unit.only(self.worker.only):
            try:
                asked = self.worker.asked(unit)
                found = Duty(True, tuple(self.study.wording(question) for question in asked))
            except CannotAnswer as reason:
                found = Duty(True, reason=str(reason))
        if not noted.whole:
            self._keep(own, noted.reads, found)
        return found

    def _keep(self, own: Any, reads: Mapping[Read, Any], found: Duty) -> None:
        ways, at = self._found, own
        for read, mark in reads.items():
            fork = ways.setdefault(at, _Fork(read))
            if not isinstance(fork, _Fork) or fork.read != read or len(fork.ways) >= MOST:
                return
            ways, at = fork.ways, mark
        ways[at] = found
