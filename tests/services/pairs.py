"""A study of pairs for runs, with a judge and a server that answers by what it reads."""

import asyncio

from sqlalchemy import select

from core.protocol import from_data
from core.services import material, runner, runs, studies
from core.services.access import Identity
from core.workers.judge import Judge
from storage import items

OWNER = Identity("owner")


def pairs(db, name="pairs", units=6, start=0, *, made=None, gold=None):
    """A study of pairs `i0`, `i1`, ...; `made` adds to one that exists."""
    asked = [{"kind": "pairwise", "name": "better", "title": "Which is better"}]
    made = made or studies.create(
        db, OWNER, from_data({"name": name, "title": "Pairs", "questions": asked})
    )
    text = lambda words: {"kind": "text", "data": words}
    with db.write() as connection:
        items.add_items(connection, made.id, (
            {"key": f"i{n}", "meta": {}, "gold": gold,
             "content": {"prompt": text(f"Prompt number {n}.")}}
            for n in range(start, start + units)
        ))  # fmt: skip
        ids = items.item_ids(connection, made.id)
        items.add_outputs(connection, made.id, (
            {"item": ids[f"i{n}"], "key": key, "content": text(f"Text {key} of {n}")}
            for n in range(start, start + units) for key in ("a", "b")
        ))  # fmt: skip
        material.add_missing_units(connection, made)
    return studies.load(db, made.key)


def judge(url, **options):
    """A pairwise judge in both orders."""
    return Judge(**{"name": "judge", "model": "m", "mode": "pairwise", "base_url": url, **options})


def prefers(letter):
    """A reply that names the response shown under that letter."""
    return {"better": {"reasoning": f"I say {letter}.", "answer": letter}}


def work_on(db, run):
    """Do the run here; returns what it came to."""
    asyncio.run(runner.execute(db, run))
    return runs.status(db, OWNER, run)


def rows(db, table):
    """The rows of a table, by id."""
    with db.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()
