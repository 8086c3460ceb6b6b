"""A study of tables and hierarchies that are put right, and answers to it."""

from core.content.base import contents
from core.protocol import from_data
from core.services import material, studies
from storage import items
from tests.services.answers import answer

QUESTIONS = [
    {"kind": "correction", "name": "record", "title": "Put the record right"},
    {"kind": "hierarchy", "name": "links", "title": "Put the topics right"},
]
PLAN = [{"day": "Monday", "cost": 18}, {"day": "Tuesday", "cost": 12}]
TOPICS = [{"id": "food", "label": "Food"}, {"id": "rice", "label": "Rice"},
          {"id": "soup", "label": "Soup", "parent": "food"}]  # fmt: skip


def made(db, owner, count=4, **more):
    """An open study of tables with four fields and hierarchies of three nodes.

    The known answer to the first unit puts 20 into the cost of row 1.
    """
    fields = {"plan": "table", "topics": "tree"}
    data = {"name": "small", "title": "Plans", "fields": fields, "questions": QUESTIONS, **more}
    study = studies.create(db, owner, from_data(data))
    raw = {"plan": PLAN, "topics": {"nodes": TOPICS}}
    content = {name: {"kind": kind, "data": contents[kind].parse(raw[name]).data}
               for name, kind in fields.items()}  # fmt: skip
    gold = {"record": {"cells": [{"cell": "1/cost", "value": 20}]}}
    with db.write() as connection:
        items.add_items(connection, study.id, [
            {"key": f"i{n}", "content": content,
             "meta": {"half": "first" if n < count / 2 else "second"},
             "gold": gold if n == 0 else None}
            for n in range(count)
        ])  # fmt: skip
        material.add_missing_units(connection, study)
    return studies.set_state(db, owner, "small", "open")


def fixed(**cells):
    """A correction: `r1_cost=20` puts 20 into the cost of row 1."""
    return {"cells": [{"cell": k.lstrip("r").replace("_", "/"), "value": v}
                      for k, v in cells.items()]}  # fmt: skip


def hung(**nodes):
    """A change of a hierarchy: `rice="food"` hangs rice below food."""
    return {"changes": [{"node": node, "parent": parent} for node, parent in nodes.items()]}


def said(db, plans, who, *values, question="record", kind="person", **more):
    """One rater's answers to the units in order; None for none."""
    given = {f"i{n}": value for n, value in enumerate(values) if value is not None}
    return answer(db, plans, question, kind, who, given, **more)
