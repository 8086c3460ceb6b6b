"""Questions over a study's own data, answered by queries that can only read a copy of it."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from core.content.base import restore
from core.digest import canonical
from core.exports.base import Entry, Item, Material
from core.exports.csv import iso, label
from core.query import Cell, Copy, Found, Sheet
from core.services import runs, studies
from core.services.access import Identity, require
from core.services.exports import Choice, material_of
from core.services.group_commit import GroupCommit
from core.services.ledger import RunLedger
from core.services.models import Models
from core.services.studies import Study
from core.units import Invalid
from core.workers.ask import Answered, Ask
from storage import studies as study_rows
from storage.database import Database

LONGEST, AT_ONCE, TEXT = 1000, 4, 20_000
ANSWERS = {
    "at": "when, ISO time in UTC", "item": "", "unit": "", "outputs": "keys of what was judged",
    "question": "name of the question", "rater": "people are numbered: person-1, ...",
    "rater_kind": "person, model, panel or rule", "simulated": "1 for raters that play people",
    "answer": "the answer in words, as the study's scale says it",
    "code": "its place on the scale, from 0", "value": "the answer as it is stored, JSON",
    "winner": "of a comparison, the key of the better output; NULL for a tie",
    "winner_maker": "who made that output",
    "stage": "first, revised, retest, training or adjudicated",
    "repeat": "number of the sample or presentation order, from 0",
    "condition": "'' for ordinary answers, else the probe or arm",
    "confidence": "", "seconds": "how long it took", "rationale": "",
}  # fmt: skip
SHEETS = {
    "answers": ("every answer that counts; one row each", ANSWERS),
    "facts": ("facts about the items", {"item": "", "name": "of the fact", "value": ""}),
    "texts": ("what the items hold", {"item": "", "field": "", "text": ""}),
    "outputs": (
        "what was produced for the items",
        {"item": "", "output": "its key", "role": "answer, critique, ...", "maker": "who made it",
         "words": "how many", "text": "", "facts": "what else is known of it, JSON"},
    ),
    "known": ("known answers", {"item": "", "question": "", "value": "JSON"}),
    "questions": ("what is asked", {"question": "", "kind": "", "title": "", "about": ""}),
}  # fmt: skip


def askers(study: Study) -> list[Ask]:
    """The workers of the study that can be asked."""
    return [worker for worker in study.protocol.workers if isinstance(worker, Ask)]


def copied(db: Database, who: Identity, key: str) -> Copy:
    """A copy of the study in memory that can only be read; close it when done.

    People are numbered, whoever asks. Raises `Denied` for those who may not see results.
    """
    require(who, "see_results")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        found = material_of(db, connection, study, Choice("ask"))
        items = list(found.items())
        rows: dict[str, Iterable[Sequence[Cell]]] = {
            "answers": list(_answers(found, items)), "facts": _facts(items),
            "texts": _texts(items), "outputs": _outputs(items), "known": _known(items),
            "questions": [(q.name, q.kind, q.title, q.about) for q in study.protocol.questions],
        }  # fmt: skip
        return Copy([
            Sheet(name, columns, rows[name], about) for name, (about, columns) in SHEETS.items()
        ])  # fmt: skip


def described(db: Database, who: Identity, key: str) -> str:
    """The tables that can be asked, their columns, and the values of short ones."""
    with closing(copied(db, who, key)) as copy:
        return copy.described()


def query(
    db: Database, who: Identity, key: str, sql: str, *, rows: int = 1000, seconds: float = 3.0
) -> Found:
    """What a query of one's own gives; raises `Invalid` saying what is wrong with it."""
    with closing(copied(db, who, key)) as copy:
        return copy.ask(sql, rows=rows, seconds=seconds)


def ask(db: Database, who: Identity, key: str, worker: Ask, question: str) -> Answered:
    """A model's answer to a question, with the query that was run; it is noted in the study.

    Raises `Denied`, `Invalid` for a question that is empty or too long, `Refused` when the worker's
    key is not set, and `CallFailed`.
    """
    require(who, "see_results")
    require(who, "run")
    words = " ".join(question.split())
    if not words or len(words) > LONGEST:
        raise Invalid("question", f"ask something, in at most {LONGEST:,} characters")
    runs.check_key(worker)
    with closing(copied(db, who, key)) as copy:
        answered = asyncio.run(_asked(db, worker, words, copy))
    with db.write() as connection:
        study = studies.load(db, key, connection)
        noted = {
            "question": words, "worker": worker.name, "sql": answered.found.sql,
            "answer": answered.words, "calls": list(answered.calls),
        }  # fmt: skip
        study_rows.record(connection, study.id, "asked", who.name, noted)
    return answered


async def _asked(db: Database, worker: Ask, question: str, copy: Copy) -> Answered:
    commits = GroupCommit(db)
    models = Models(worker, RunLedger(commits, None), AT_ONCE)
    try:
        return await worker.answer(question, copy, models)
    finally:
        await models.close()
        await commits.close()


def _answers(found: Material, items: Sequence[Item]) -> Iterator[Sequence[Cell]]:
    makers = {(item.key, o["key"]): o["source"] for item in items for o in item.outputs}
    for entry in found.entries():
        if entry.status == "current":
            yield _answer(entry, makers)


def _answer(entry: Entry, makers: dict[tuple[str, str], Any]) -> Sequence[Cell]:
    winner = entry.value.get("winner") if isinstance(entry.value, dict) else None
    winner = winner if isinstance(winner, str) else None
    words = label(entry) or ("" if entry.value is None else str(entry.question.plain(entry.value)))
    return (
        iso(entry.created_at), entry.item, entry.unit, "+".join(entry.outputs),
        entry.question.name, entry.rater.name, entry.rater.kind, int(entry.rater.simulated),
        words, entry.code, canonical(entry.value), winner,
        makers.get((entry.item, winner)) if winner else None, entry.stage, entry.repeat,
        entry.condition, entry.confidence, entry.seconds, entry.rationale,
    )  # fmt: skip


def _facts(items: Sequence[Item]) -> list[Sequence[Cell]]:
    return [(item.key, name, _cell(value)) for item in items for name, value in item.meta.items()]


def _texts(items: Sequence[Item]) -> list[Sequence[Cell]]:
    return [
        (item.key, name, restore(content).text()[:TEXT])
        for item in items
        for name, content in item.fields.items()
    ]


def _outputs(items: Sequence[Item]) -> list[Sequence[Cell]]:
    found: list[Sequence[Cell]] = []
    for item in items:
        for output in item.outputs:
            text = restore(output["content"]).text()
            facts = output["content"].get("facts")
            found.append((
                item.key, output["key"], output["role"], output["source"], len(text.split()),
                text[:TEXT], canonical(facts) if facts else None,
            ))  # fmt: skip
    return found


def _known(items: Sequence[Item]) -> list[Sequence[Cell]]:
    return [(item.key, n, canonical(value)) for item in items for n, value in item.gold.items()]


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return int(value)
    return value if value is None or isinstance(value, str | int | float) else canonical(value)
