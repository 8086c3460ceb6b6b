"""A small study to work on."""

import pytest

from core.protocol import from_yaml
from core.services import material, studies
from core.services.access import Identity
from storage import items

ANA, BEN, EVA = Identity("ana"), Identity("ben"), Identity("eva")
PROTOCOL = """
name: small
title: A small study
assignment: {overlap: 2}
questions:
  - {kind: pairwise, name: better, title: Which is better, both_bad: true}
  - {kind: text, name: why, title: Why}
"""


def fill(db, study, count=6):
    """Items with two responses each, and their units."""
    with db.write() as connection:
        rows = (
            {"key": f"item-{n}", "content": {"prompt": {"kind": "text", "data": f"Prompt {n}"}},
             "meta": {"half": "first" if n < count / 2 else "second"},
             "gold": {"better": {"winner": "a"}}}
            for n in range(count)
        )  # fmt: skip
        items.add_items(connection, study.id, rows)
        ids = items.item_ids(connection, study.id)
        items.add_outputs(
            connection, study.id,
            ({"item": i, "key": o, "content": {"kind": "text", "data": f"Answer {o} to {k}"}}
             for k, i in ids.items() for o in ("a", "b")),
        )  # fmt: skip
        material.add_missing_units(connection, study)


@pytest.fixture
def study(db):
    """An open study of six pairs with an overlap of two."""
    made = studies.create(db, ANA, from_yaml(PROTOCOL))
    fill(db, made)
    return studies.set_state(db, ANA, "small", "open")
