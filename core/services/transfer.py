"""Bringing data in: looked at wholly, then written in one transaction or not at all."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from core.imports.base import File, ImportFailed, Problem, Reading, imports
from core.imports.fit import fitted
from core.imports.guess import guess
from core.imports.mapping import Mapped
from core.protocol import ProtocolError, StudyProtocol, from_data
from core.services import studies
from core.services.access import Identity, require
from core.services.import_reading import Incoming, read
from core.services.import_writing import bring
from core.services.studies import NoStudy, Refused, Study
from core.settings import settings
from core.units import Unit
from storage import studies as study_rows
from storage.database import Database

Tell = Callable[[int, int], None]
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import found and did; `missing` counts cells empty or mapped to null, per column."""

    study: str
    created: bool
    items: int
    new_items: int
    units: int
    judgments: int
    new_judgments: int
    missing: Mapping[str, int]
    raters: Mapping[str, int]

    def words(self) -> str:
        """The outcome for a person."""
        verb = "made" if self.created else "already there"
        gone = sum(self.missing.values())
        empty = f"; {gone} cells without an answer or text were left out" if gone else ""
        return (
            f"study {self.study} ({verb}): {self.new_items} of {self.items} items and "
            f"{self.new_judgments} of {self.judgments} judgments are new, "
            f"by {len(self.raters)} raters{empty}"
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do: the first units as they will look, counts, and what is wrong.

    `raters` counts judgments per rater ("kind: name"); `gold` counts items with known answers.
    """

    protocol: StudyProtocol | None
    units: Sequence[Unit] = ()
    items: int = 0
    new_items: int = 0
    judgments: int = 0
    new_judgments: int = 0
    gold: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    raters: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Problem] = ()


def megabytes() -> int:
    """The largest file that is read, in millions of bytes."""
    return settings().import_megabytes


def reading(files: Sequence[File], mapping: Mapped | None, plan: StudyProtocol | None) -> Reading:
    """An import about to begin; `plan` is the protocol of a study that exists."""
    return Reading(files, mapping=mapping, protocol=plan, limit=megabytes() * 1_000_000)


def guess_mapping(
    files: Sequence[File], plan: StudyProtocol | None = None
) -> tuple[Mapped, list[str]]:
    """A first mapping from column names and values, and what was guessed, in words.

    With the protocol of a study the mapping is one into that study.
    """
    limit = megabytes() * 1_000_000
    return guess(files, limit) if plan is None else fitted(files, plan, limit)


def importer(files: Sequence[File], mapping: Mapped | None) -> Any:
    """The way to read these files: by the mapping, else the kind that knows them."""
    if mapping is None:
        for kind in imports:
            if imports[kind].knows(files):
                return imports[kind]
    return imports["mapped"]


def target(
    db: Database, files: Sequence[File], mapping: Mapped | None, name: str | None
) -> tuple[Study | None, StudyProtocol]:
    """The study that takes the data, None when it is to be made, and its protocol.

    Raises `NoStudy` when neither the name nor the mapping leads to one.
    """
    plan = importer(files, mapping).protocol(reading(files, mapping, None))
    name = name or (plan.name if plan else None)
    if name is None:
        raise NoStudy("name a study, or give the mapping a `study:` part that describes one")
    try:
        study = studies.load(db, name)
    except NoStudy:
        if plan is None:
            raise
        try:
            return None, from_data({**plan.data(), "name": name})
        except ProtocolError as error:
            raise ProtocolError(f"study {name!r}: {error}") from None
    if study.state in {"closed", "archived"}:
        raise Refused(f"study {name} is {study.state} and takes no data; reopen it first")
    return study, study.protocol


def preview(
    db: Database, who: Identity, files: Sequence[File], mapping: Mapped | None,
    study: str | None = None,
) -> Preview:  # fmt: skip
    """What `run_import` would do; writes nothing. What is wrong is in `problems`."""
    require(who, "transfer")
    known, plan = target(db, files, mapping, study)
    under_way = reading(files, mapping, plan)
    with db.read() as connection:
        try:
            found = read(connection, known, importer(files, mapping), under_way)
            old = found.settled(connection, known)
        except ImportFailed as error:
            return Preview(plan, missing=under_way.missing, problems=error.problems)
    return Preview(
        plan, found.first_units(SHOWN), len(found.items), len(found.new_items),
        len(found.judgments), len(found.judgments) - old, sum(bool(i.gold) for i in found.items),
        under_way.missing, raters(found),
    )  # fmt: skip


def raters(found: Incoming) -> dict[str, int]:
    """Judgments per rater, "kind: name", as the files hold them."""
    return dict(Counter(f"{j.rater.kind}: {j.rater.name or j.rater.key}" for j in found.judgments))


def run_import(
    db: Database, who: Identity, files: Sequence[File], mapping: Mapped | None,
    study: str | None = None, tell: Tell | None = None,
) -> Outcome:  # fmt: skip
    """Import files into a study, all or nothing; makes the study when it does not exist.

    The same files again add nothing; new judgments on known items are added. `tell(done, all)`
    hears how far the writing has come. Raises `ImportFailed` with every problem found, `NoStudy`,
    `Refused`, `MappingError` and `ProtocolError`.
    """
    require(who, "transfer")
    known, plan = target(db, files, mapping, study)
    if known is None:
        require(who, "edit")
    under_way = reading(files, mapping, plan)
    with db.read() as connection:
        found = read(connection, known, importer(files, mapping), under_way)
    try:
        with db.write() as connection:
            into = _again(db, connection, known) if known else _begin(connection, who, plan)
            units, fresh = bring(connection, into, found, tell)
            if known is None or found.new_items or fresh:
                facts = _facts(files, found, fresh)
                study_rows.record(connection, into.id, "import", who.name, facts)
    except IntegrityError as error:
        raise Refused("the study changed while the files were read; import them again") from error
    return Outcome(
        into.key, known is None, len(found.items), len(found.new_items), units,
        len(found.judgments), fresh, under_way.missing, raters(found),
    )  # fmt: skip


def create_study_from(
    db: Database, who: Identity, files: Sequence[File], mapping: Mapped, title: str = "",
    tell: Tell | None = None,
) -> Outcome:  # fmt: skip
    """Make the study that a mapping describes, with its data; raises `Refused` when it exists."""
    plan = mapping.protocol()
    if plan is None:
        raise NoStudy("the mapping has no `study:` part that describes a study")
    known, _ = target(db, files, mapping, plan.name)
    if known is not None:
        raise Refused(f"a study called {plan.name!r} exists; choose another name")
    if title:
        mapping = mapping.model_copy(update={"study": {**(mapping.study or {}), "title": title}})
    return run_import(db, who, files, mapping, tell=tell)


def _again(db: Database, connection: Connection, known: Study) -> Study:
    """The study that the files were read for; raises `Refused` when it changed since then."""
    study = studies.load(db, known.key, connection, lock=True)
    if (study.version, study.state) != (known.version, known.state):
        raise Refused("the study changed while the files were read; import them again")
    return study


def _begin(connection: Connection, who: Identity, plan: StudyProtocol) -> Study:
    """A new study inside the caller's transaction."""
    made = study_rows.create(connection, plan.name, plan.title, plan.data())
    studies.write_wordings(connection, plan)
    study_rows.record(connection, made, "created", who.name, {"digest": plan.digest})
    row = study_rows.head(connection, plan.name)
    wordings = study_rows.wordings(connection, [q.digest for q in plan.questions])
    return Study(made, row.key, row.title, row.state, row.version, 0, row.seed, plan, wordings)


def _facts(files: Sequence[File], found: Incoming, fresh: int) -> dict[str, Any]:
    return {
        "files": [{"name": f.name, "digest": f.digest(), "bytes": f.size} for f in files],
        "items": len(found.new_items), "judgments": fresh,
    }  # fmt: skip
