"""The demo study: sixty items written for Concord, and raters that need no endpoint."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from core.content.base import contents
from core.protocol import StudyProtocol, from_yaml
from core.services import material, runner, runs, studies
from core.services.access import Identity
from core.services.studies import NoStudy, Study
from core.settings import ROOT
from storage import items, judgments
from storage import studies as study_rows
from storage.database import Database

FOLDER = ROOT / "core" / "templates"
KEY = "demo"
LOADER = Identity("demo loader")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading found or made: counts of the study, and how many judgments are new."""

    study: str
    items: int
    units: int
    judgments: int
    added: int


def protocol() -> StudyProtocol:
    """The demo study's protocol."""
    return from_yaml((FOLDER / "demo.yaml").read_text(encoding="utf-8"))


def rows() -> Iterator[dict[str, Any]]:
    """The demo items as their files hold them: key, meta, fields, outputs, gold."""
    for path in sorted((FOLDER / KEY).glob("*.jsonl")):
        yield from _lines(path)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def load(db: Database) -> Loaded:
    """Make the demo study where it is missing, and let its offline raters judge what they lack.

    Loading again adds nothing; loading after an interruption does the rest. A study of the same
    name that holds other items is left alone.
    """
    study = _study(db)
    with db.write() as connection:
        known = items.item_ids(connection, study.id)
        if not known and study.protocol.data() == protocol().data():
            _fill(connection, study)
            known = items.item_ids(connection, study.id)
    study = studies.load(db, KEY)
    if study.state == "open" and set(known) >= {row["key"] for row in rows()}:
        _judge(db, study)
    with db.read() as connection:
        count, units, _ = items.counts(connection, study.id)
        stored = judgments.revision(connection, study.id)
    return Loaded(study.key, count, units, stored, stored - study.revision)


def _judge(db: Database, study: Study) -> None:
    """Let each rater that needs no endpoint do what it has not done, in this process."""
    begun = {s.worker: s for s in runs.listing(db, LOADER, KEY) if s.state in runs.OPEN}
    for worker in study.protocol.workers:
        if worker.needs_model():
            continue
        run = begun.get(worker.name)
        if run is not None and not run.over:
            asyncio.run(runner.execute(db, run.id))
        elif run is None and runs.plan(db, LOADER, KEY, worker).work:
            runner.run_now(db, LOADER, KEY, worker)


def _study(db: Database) -> Study:
    try:
        return studies.load(db, KEY)
    except NoStudy:
        return studies.create(db, LOADER, protocol())


def _fill(connection: Connection, study: Study) -> None:
    """Items, outputs, units and the open state, all or nothing."""
    found = list(rows())
    items.add_items(connection, study.id, (_item(study.protocol, row) for row in found))
    ids = items.item_ids(connection, study.id)
    items.add_outputs(connection, study.id, _outputs(study.protocol, found, ids))
    material.add_missing_units(connection, study)
    study_rows.change(connection, study.id, state="open")
    moved = {"from": study.state, "to": "open"}
    study_rows.record(connection, study.id, "state", LOADER.name, moved)


def _item(plan: StudyProtocol, row: Mapping[str, Any]) -> dict[str, Any]:
    fields = row["fields"].items()
    content = {name: contents[plan.fields[name]].parse(raw).stored() for name, raw in fields}
    return {"key": row["key"], "content": content, "meta": row["meta"], "gold": row["gold"]}


def _outputs(
    plan: StudyProtocol, found: Iterable[Mapping[str, Any]], ids: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    for row in found:
        for output in row["outputs"]:
            content = contents[plan.responses].parse(output["content"]).stored()
            yield {**output, "item": ids[row["key"]], "content": content}
