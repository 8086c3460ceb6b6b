"""A study of questions that workers answer, and a server that plays all of the models."""

import asyncio

from core.protocol import from_data
from core.services import chain, material, runner, runs, studies
from core.services.access import Identity
from storage import items

OWNER = Identity("owner")
ASKED = [{"kind": "label", "name": "right", "title": "Is it right", "about": "output",
          "labels": {"yes": "it is", "no": "it is not"}}]  # fmt: skip


def study(db, workers, name="made", count=4, questions=ASKED, meta=None, **options):
    """An open study of items `q0`, `q1`, ... without any outputs."""
    data = {"name": name, "title": "Made", "questions": questions, "workers": workers, **options}
    made = studies.create(db, OWNER, from_data(data))
    with db.write() as connection:
        items.add_items(connection, made.id, (
            {"key": f"q{n}", "meta": meta(n) if meta else {}, "gold": None,
             "content": {"prompt": {"kind": "text", "data": f"What is {n} plus {n}?"}}}
            for n in range(count)
        ))  # fmt: skip
        material.add_missing_units(connection, made)
    return studies.set_state(db, OWNER, name, "open")


def work(db, name, key="made", **options):
    """Run one worker of the study to its end."""
    worker = runs.worker_of(studies.load(db, key), name)
    run = runs.start(db, OWNER, key, worker, **options)
    asyncio.run(runner.execute(db, run))
    return runs.status(db, OWNER, run)


def work_all(db, key="made", **options):
    """Run the whole chain; returns the state of each run."""
    run, found = chain.start(db, OWNER, key, **options), []
    while run is not None:
        asyncio.run(runner.execute(db, run))
        found.append(runs.status(db, OWNER, run))
        run = chain.following(db, OWNER, run)
    return found


def units(db, key="made"):
    """The units that people see, in order."""
    with db.read() as connection:
        return [u for _, u in material.all_units(connection, studies.load(db, key, connection))]


def outputs(db, key="made"):
    """Every output as (item key, key, role, parent key, source, content)."""
    with db.read() as connection:
        made = studies.load(db, key, connection)
        names = {i: k for k, i in items.item_ids(connection, made.id).items()}
        found = []
        for item, own in items.outputs(connection, made.id).items():
            ids = {row.id: row.key for row in own.values()}
            found += [(names[item], r.key, r.role, ids.get(r.parent, ""), r.source, r.content)
                      for r in own.values()]  # fmt: skip
        return sorted(found)


def generator(url, **options):
    """A worker that writes answers."""
    return {"kind": "generate", "name": "writer", "model": "m", "base_url": url, **options}
