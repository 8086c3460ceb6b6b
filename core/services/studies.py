"""Studies: creating, loading, editing, copying."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from core.protocol import STATES, StudyProtocol, from_data
from core.questions.base import Question
from core.services import pools
from core.services.access import Identity, require
from core.services.material import add_missing_units, regroup
from storage import items, outputs, studies
from storage.database import Database

MOVES: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"pilot", "open", "archived"}),
    "pilot": frozenset({"draft", "open", "paused", "closed", "archived"}),
    "open": frozenset({"paused", "closed"}),
    "paused": frozenset({"open", "closed"}),
    "closed": frozenset({"open", "archived"}),
    "archived": frozenset({"closed"}),
}
ANSWERABLE = frozenset({"pilot", "open"})


class NoStudy(LookupError):
    """No study has that name; the message lists some that exist."""


class Refused(ValueError):
    """The study's state or its answers do not allow this; the message says what would."""


@dataclass(frozen=True, slots=True)
class Study:
    """A study as services use it: its row's short facts, its protocol, and its wordings' ids."""

    id: int
    key: str
    title: str
    state: str
    version: int
    revision: int
    seed: int
    protocol: StudyProtocol
    wordings: Mapping[str, int]

    def wording(self, question: Question) -> int:
        """The row id of a question's present wording."""
        return self.wordings[question.digest]


def load(
    db: Database, key: str, connection: Connection | None = None, *, lock: bool = False
) -> Study:
    """The study of that name; its protocol is parsed once per version. Raises `NoStudy`.

    A transaction that decides by what the study is now takes it with `lock`, before anything else
    that it locks: so state, wordings and reservations hold still until it ends.
    """
    if connection is None:
        with db.read() as fresh:
            return load(db, key, fresh)
    row = studies.head(connection, key, lock=lock)
    if row is None:
        known = [s.key for s in studies.names(connection)][:8]
        raise NoStudy(f"no study is called {key!r}; there are: {', '.join(known) or 'none yet'}")
    cached = db.cache.get(("protocol", row.id, row.version))
    if cached is None:
        protocol = from_data(studies.protocol(connection, row.id))
        ids = studies.wordings(connection, [q.digest for q in protocol.questions])
        cached = db.cache[("protocol", row.id, row.version)] = (protocol, ids)
    protocol, ids = cached
    return Study(
        row.id, row.key, row.title, row.state, row.version, row.revision, row.seed, protocol, ids
    )


def create(db: Database, who: Identity, protocol: StudyProtocol) -> Study:
    """A new study in state draft. Raises `Refused` when its name is taken."""
    require(who, "edit")
    try:
        with db.write() as connection:
            study = studies.create(connection, protocol.name, protocol.title, protocol.data())
            write_wordings(connection, protocol)
            studies.record(connection, study, "created", who.name, {"digest": protocol.digest})
    except IntegrityError:
        raise Refused(f"a study called {protocol.name!r} exists; choose another name") from None
    return load(db, protocol.name)


def write_wordings(connection: Connection, protocol: StudyProtocol) -> None:
    """Store the wordings of a protocol's questions that are not stored yet."""
    for question in protocol.questions:
        studies.wording(
            connection, question.digest, question.name, question.kind, question.definition()
        )


@dataclass(frozen=True, slots=True)
class Edit:
    """What saving a protocol would do: which questions keep their answers, which start anew."""

    kept: Sequence[str]
    anew: Sequence[str]
    dropped: Sequence[str]
    answers: int


def preview_edit(study: Study, protocol: StudyProtocol) -> Edit:
    """What an edit does to stored answers: a changed wording is a new question."""
    old = {q.name: q.digest for q in study.protocol.questions}
    new = {q.name: q.digest for q in protocol.questions}
    kept = [name for name, digest in new.items() if old.get(name) == digest]
    return Edit(
        kept=kept,
        anew=[name for name in new if name not in kept],
        dropped=[name for name in old if name not in new],
        answers=study.revision,
    )


def edit(db: Database, who: Identity, key: str, protocol: StudyProtocol, seen: int) -> Study:
    """Save a new version of a study's protocol; `seen` is the version that was edited.

    Raises `Refused` when someone saved in between, when the state does not allow editing, or when
    the change would make existing units mean something else.
    """
    require(who, "edit")
    with db.write() as connection:
        study = load(db, key, connection, lock=True)
        _editable(study, protocol, seen)
        version = study.version + 1
        protocol = protocol.model_copy(update={"name": study.key, "version": version})
        studies.change(
            connection, study.id, protocol=protocol.data(), title=protocol.title, version=version
        )
        write_wordings(connection, protocol)
        if protocol.assignment.overlap != study.protocol.assignment.overlap:
            items.reopen(connection, study.id, protocol.assignment.overlap)
        if (study.protocol.judged, study.protocol.pairs) != (protocol.judged, protocol.pairs):
            add_missing_units(connection, replace(study, protocol=protocol))
        if _apart(protocol) != _apart(study.protocol):
            regroup(connection, load(db, key, connection))
        studies.record(
            connection, study.id, "edited", who.name,
            {"version": version, "digest": protocol.digest, "reworded": _reworded(study, protocol)},
        )  # fmt: skip
    return load(db, key)


def _reworded(study: Study, protocol: StudyProtocol) -> list[str]:
    """The questions whose answers so far are to other words than these."""
    old = {q.name: q.digest for q in study.protocol.questions}
    return [q.name for q in protocol.questions if old.get(q.name, q.digest) != q.digest]


def _apart(protocol: StudyProtocol) -> tuple[Any, ...]:
    """What decides which units stand apart from the ordinary work, and where."""
    return protocol.checks.by, protocol.checks.pools, pools.names(protocol)


def _editable(study: Study, protocol: StudyProtocol, seen: int) -> None:
    if study.version != seen:
        raise Refused(
            f"version {study.version} was saved meanwhile; reload, then make your change again"
        )
    if study.state in {"closed", "archived"}:
        raise Refused(f"the study is {study.state}; reopen it, or clone it, to change it")
    same = ("fields", "responses", "units")
    changed = [n for n in same if getattr(study.protocol, n) != getattr(protocol, n)]
    if changed and study.revision:
        raise Refused(f"answers exist, so {', '.join(changed)} cannot change; clone the study")


def set_state(db: Database, who: Identity, key: str, state: str) -> Study:
    """Move a study to another state; raises `Refused` for a move that is not allowed.

    A study takes no answers while one of its qualification rounds would admit everybody.
    """
    require(who, "edit")
    if state not in STATES:
        raise Refused(f"no state is called {state!r}; there are: {', '.join(STATES)}")
    with db.write() as connection:
        study = load(db, key, connection, lock=True)
        if state != study.state:
            if state not in MOVES[study.state]:
                able = ", ".join(sorted(MOVES[study.state]))
                raise Refused(f"a study that is {study.state} can become: {able}")
            if state in ANSWERABLE:
                _admits(connection, study)
            studies.change(connection, study.id, state=state)
            data = {"from": study.state, "to": state}
            studies.record(connection, study.id, "state", who.name, data)
    return load(db, key)


def _admits(connection: Connection, study: Study) -> None:
    """Raise `Refused` where a qualification round would admit everybody."""
    from core.services import admission  # which reads studies

    wrong = admission.everybody(connection, study, study.protocol)
    if wrong:
        raise Refused(" ".join(wrong))


def clone(db: Database, who: Identity, key: str, name: str, title: str = "") -> Study:
    """A new draft with the same protocol, items, outputs and units, and no answers."""
    require(who, "edit")
    source = load(db, key)
    protocol = source.protocol.model_copy(
        update={"name": name, "title": title or f"{source.title} (copy)", "version": 1}
    )
    protocol = from_data(protocol.data())
    study = create(db, who, protocol)
    with db.write() as connection:
        _copy_items(connection, source.id, study.id)
        add_missing_units(connection, study)
    return load(db, name)


def _copy_items(connection: Connection, source: int, target: int) -> None:
    rows = list(items.items(connection, source))
    items.add_items(
        connection, target,
        ({"key": r.key, "content": r.content, "meta": r.meta, "gold": r.gold} for r in rows),
    )  # fmt: skip
    ids = items.item_ids(connection, target)
    old = items.outputs(connection, source)
    made = [
        {"item": ids[r.key], "key": o.key, "role": o.role, "source": o.source,
         "content": o.content, "parent": o.parent, "place": o.id}
        for r in rows for o in old.get(r.id, {}).values()
    ]  # fmt: skip
    names = {row["place"]: row["key"] for row in made}
    outputs.add_tree(
        connection, target,
        [(names.get(row.pop("parent"), ""), {k: v for k, v in row.items() if k != "place"})
         for row in made],
    )  # fmt: skip


def names(db: Database, who: Identity) -> Sequence[Any]:
    """The studies that this person may open, newest first: key, title, state. Cheap at any size."""
    require(who, "annotate")
    with db.read() as connection:
        return studies.names(connection)


def listing(db: Database, who: Identity) -> Sequence[Any]:
    """The same with version, revision and counts of items and units."""
    require(who, "annotate")
    with db.read() as connection:
        return studies.every(connection)
