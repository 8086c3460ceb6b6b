"""Taking data out: any registered format, read piece by piece, people without their names."""

import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from core.exports.base import Entry, Exporter, Happening, Item, Judge, Material, exports
from core.imports.events import KEPT
from core.questions.base import Question, load
from core.services import material, studies
from core.services.access import Identity, require
from core.services.studies import Study
from core.units import Unit
from core.workers.base import workers
from storage import exported, items, judgments
from storage import studies as study_rows
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Written:
    """A finished export: where it is, how many bytes, and what was written and left out."""

    path: Path
    size: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """What to export: the format, and the options that some formats take.

    `names` keeps people's names (owners only); `question` and `rater` are for preference pairs.
    """

    format: str
    names: bool = False
    question: str = ""
    rater: str = ""


def formats() -> dict[str, Exporter]:
    """Every format by name."""
    return {name: exports[name] for name in exports}


@contextmanager
def opened(db: Database, who: Identity, key: str, choice: Choice) -> Iterator[Material]:
    """A study's material while the block runs: one snapshot of the database."""
    require(who, "transfer")
    if choice.names:
        require(who, "administer")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        yield material_of(db, connection, study, choice)


@dataclass
class _Heads:
    """What the log names, up to its row `seen`: wordings by id, raters by their first judgment.

    `audits` are those of the study while its last unit stands at `last`.
    """

    seen: int = 0
    wordings: dict[int, Question] = field(default_factory=dict)
    raters: dict[int, None] = field(default_factory=dict)
    last: int = -1
    audits: dict[int, bool] = field(default_factory=dict)

    def follow(self, connection: Connection, study: Study) -> None:
        """Read what is new; who reads at the same time finds the same."""
        if study.revision > self.seen:
            rows = exported.named(connection, study.id, self.seen, study.revision)
            fresh = {row.question for row in rows} - self.wordings.keys()
            for row in exported.wordings(connection, fresh) if fresh else ():
                self.wordings[row.id] = load(row.definition)
            self.raters |= dict.fromkeys(row.rater for row in rows)
            self.seen = study.revision
        last = items.last_position(connection, study.id)
        if last != self.last:
            self.audits, self.last = exported.audits(connection, study.id), last


def material_of(db: Database, connection: Connection, study: Study, choice: Choice) -> Material:
    """A study's material as exports read it, within the caller's transaction.

    People are numbered unless the choice keeps their names.
    """
    heads: _Heads = db.cache.setdefault(("export", study.id), _Heads())
    heads.follow(connection, study)
    wordings, audits = dict(sorted(heads.wordings.items())), heads.audits
    judges = _judges(connection, study, heads.raters, choice.names)

    def entries() -> Iterator[Entry]:
        for row in exported.log(connection, study.id):
            yield _entry(row, judges, wordings, audits)

    def cases() -> Iterator[tuple[Unit, list[Entry]]]:
        for unit, rows in exported.by_unit(connection, study.id):
            made = material.unit(study, *items.unit(connection, unit))
            yield made, [_entry(row, judges, wordings, audits) for row in rows]

    def events() -> Iterator[Happening]:
        names = _actors(connection, study, judges, choice.names)
        for row in exported.events(connection, study.id, KEPT):
            yield _happening(row, judges, names)

    return Material(
        study.protocol, study.state, list(wordings.values()),
        lambda: (_item(row, outputs) for row, outputs in exported.items(connection, study.id)),
        entries, cases, events, choice.question, choice.rater,
    )  # fmt: skip


def _judges(
    connection: Connection, study: Study, judged: Collection[int], names: bool
) -> dict[int, Judge]:  # fmt: skip
    """Raters as they are named outside; people are numbered by their first judgment.

    Those who judged nothing come after the others.
    """
    found, rows = {}, study_rows.raters(connection, study.id)
    people = dict.fromkeys(row.id for row in rows if row.kind == "person")
    order = [who for who in dict.fromkeys([*judged, *people]) if who in people]
    for row in rows:
        key, name = row.key, row.name or row.key
        if row.kind == "person" and not names:
            key = name = f"person-{order.index(row.id) + 1}"
        spec = {} if row.kind == "person" and not names else row.spec or {}
        found[row.id] = Judge(row.kind, key, name, simulated(row.spec or {}), spec)
    return found


def simulated(spec: Mapping[str, Any]) -> bool:
    """Whether a rater only plays people: said so by an import, or by its kind of worker."""
    kind = str(spec.get("kind", ""))
    return bool(spec.get("simulated")) or (kind in workers and workers[kind].simulated)


def _actors(
    connection: Connection, study: Study, judges: Mapping[int, Judge], names: bool
) -> Callable[[str], str]:  # fmt: skip
    """What those who did something are called outside: raters as ever, others as researchers."""
    people = {
        row.key: judges[row.id].name
        for row in study_rows.raters(connection, study.id) if row.kind == "person"
    }  # fmt: skip
    return lambda actor: actor if names or not actor else people.get(actor, "researcher")


def _happening(row: Any, judges: Mapping[int, Judge], names: Callable[[str], str]) -> Happening:
    rater = judges.get(row.rater)
    machine = rater is not None and rater.kind != "person"
    return Happening(
        row.id, row.kind, row.actor if machine else names(row.actor), rater, row.item_key,
        row.unit_key, row.outputs, row.sequence, row.data, row.created_at,
    )  # fmt: skip


def _entry(
    row: Any, judges: Mapping[int, Judge], wordings: Mapping[int, Question],
    audits: Mapping[int, bool],
) -> Entry:  # fmt: skip
    status = "withdrawn" if row.withdrawn else "replaced" if row.superseded else "current"
    return Entry(
        sequence=row.sequence, item=row.item_key, unit=row.unit_key, outputs=row.outputs,
        question=wordings[row.question], rater=judges[row.rater], stage=row.stage,
        repeat=row.repeat, condition=row.condition, value=judgments.parse(row.value),
        code=row.code, rationale=row.rationale, confidence=row.confidence, seconds=row.seconds,
        shown=row.shown or (), revealed=row.revealed or (), replaces=row.replaces, status=status,
        withdrawn=bool(row.withdrawn), created_at=row.created_at, arm=row.arm or "",
        policy=row.policy or "", propensity=row.propensity, design=row.design or "",
        given_stage=row.given_stage or "", given_repeat=row.given_repeat or 0,
        audit=audits.get(row.unit),
    )  # fmt: skip


def _item(row: Any, outputs: Any) -> Item:
    names = {o.id: o.key for o in outputs}
    made = [
        {"key": o.key, "role": o.role, "source": o.source, "content": o.content,
         **({"parent": names[o.parent]} if o.parent is not None else {})}
        for o in outputs
    ]  # fmt: skip
    return Item(row.key, row.content, row.meta, row.gold or {}, made)


def first_lines(db: Database, who: Identity, key: str, choice: Choice, count: int = 5) -> list[str]:
    """The first lines that an export would write."""
    with (
        opened(db, who, key, choice) as material,
        closing(exports[choice.format].lines(material)) as lines,
    ):
        return list(islice(lines, count))


def write(
    db: Database, who: Identity, key: str, choice: Choice, path: Path,
    tell: Callable[[int], None] | None = None,
) -> Written:  # fmt: skip
    """Write an export to a file; it appears there only when it is whole.

    `tell(lines)` hears how far it has come. Raises `Denied`, `NoStudy`, `UnknownPart`, and
    `Invalid` when the study has nothing that the format can hold.
    """
    with (
        opened(db, who, key, choice) as material,
        closing(exports[choice.format].lines(material)) as lines,
    ):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
                for count, line in enumerate(lines, 1):
                    out.write(line)
                    if tell and count % 1000 == 0:
                        tell(count)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        return Written(path, path.stat().st_size, dict(material.counts))
