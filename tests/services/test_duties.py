"""What a worker is asked of each unit: what looking at every unit by itself says, found once."""

from collections import Counter

import pytest

from core.protocol import from_yaml
from core.services import material, planning, studies
from core.services.duties import MOST, Duties, Duty
from core.services.studies import set_state
from core.workers.base import CannotAnswer
from core.workers.judge import Judge
from storage import items
from tests.contracts.specimens import every_worker
from tests.services.conftest import ANA

PROTOCOL = """
name: mixed
title: Units of many kinds
checks: {attention_share: 0.1}
questions:
  - {kind: label, name: tone, title: Tone, labels: {yes: it is, no: it is not}}
  - {kind: rating, name: clear, title: Clear, low: 1, high: 5, about: output, roles: [answer]}
  - {kind: pairwise, name: better, title: Better, only: {lang: [en]}}
  - {kind: text, name: why, title: Why, required: false, only: {long: ["True", "1"]}}
  - {kind: multilabel, name: flaws, title: Flaws, labels: [a, b], roles: [critique]}
"""
WORKERS = {
    name: worker.model_copy(update={"questions": ()}) for name, worker in every_worker().items()
    if worker.scope() == "unit"
}  # fmt: skip
PLACE = {"base_url": "http://127.0.0.1:1/v1", "model": "m"}


def text(words):
    return {"kind": "text", "data": words}


@pytest.fixture
def mixed(db):
    """Items with and without outputs, references, facts and known answers."""
    made = studies.create(db, ANA, from_yaml(PROTOCOL))
    rows = []
    for n in range(84):
        content = {"prompt": text(f"Prompt {n}")}
        if n % 4:
            content["reference"] = text(f"Right {n}")
        meta = {"lang": ("en", "de", "")[n % 3], "long": (True, 1, "1", None)[n % 4]}
        if n % 5 == 0:
            meta = {"source": f"s{n}", "reference": f"Fact {n}"}
        if n in (3, 7):
            meta["use"] = "attention"
        if n == 79:  # like the 19th but for this
            meta["more"] = "a third"
        gold = {0: None, 1: {}, 2: {"tone": "yes"}, 3: {"clear/a": 3}}[n % 4]
        rows.append({"key": f"i{n}", "content": content, "meta": meta, "gold": gold})
    with db.write() as connection:
        items.add_items(connection, made.id, rows)
        made_of = [
            {"item": item, "key": f"{key}", "content": text(key), "role": role}
            for n, item in enumerate(items.item_ids(connection, made.id).values())
            for key, role in (
                (), (("a", "answer"),), (("a", "answer"), ("b", "answer")),
                ((f"x{n}", "critique"),), ((f"y{n}", "answer"), ("b", "critique")),
            )[n % 5]
        ]  # fmt: skip
        items.add_outputs(connection, made.id, made_of)
        material.add_missing_units(connection, made)
    return set_state(db, ANA, "mixed", "open")


def alone(connection, study, worker):
    """The duties found unit by unit, from whole units."""
    found = {}
    for own, unit in material.all_units(connection, study):
        duty = Duty()
        if unit.only(worker.only):
            try:
                asked = worker.asked(unit)
                duty = Duty(True, tuple(study.wording(question) for question in asked))
            except CannotAnswer as reason:
                duty = Duty(True, reason=str(reason))
        found[own] = duty
    return found


@pytest.mark.parametrize("only", [{}, {"lang": ("en", "")}, {"long": ("True",), "lang": ("en",)}])
def test_every_worker_has_the_duties_that_it_has_unit_by_unit(db, mixed, only):
    kinds = Counter()
    with db.read() as connection:
        for name, one in WORKERS.items():
            worker = one.model_copy(update={"only": only})
            duties = Duties(connection, mixed, worker)
            found = {row.id: duties.of(row) for row in duties.units()}
            assert found == alone(connection, mixed, worker), name
            assert {row.id: duties.of(row) for row in duties.units()} == found
            kinds.update(type(worker).__name__ for duty in found.values() if duty.asked)
    assert len(kinds) >= 6


@pytest.mark.parametrize("more", [{}, {"reference": "reference"}, {"mode": "pairwise"}])
def test_units_that_are_alike_are_looked_at_once(db, mixed, more, monkeypatch):
    looked = []
    asked = Judge.asked
    monkeypatch.setattr(Judge, "asked", lambda *a: (looked.append(1), asked(*a))[1])
    worker = Judge(name="j", **PLACE, **more)
    with db.read() as connection:
        duties = Duties(connection, mixed, worker)
        rows = list(duties.units())
        for row in rows:
            duties.of(row)
        first = len(looked)
        for row in rows:
            duties.of(row)
    assert first == len(looked) < len(rows)


class Thorough(Judge):
    """A judge that counts the facts."""

    kind = "thorough"

    def asked(self, unit):
        if len(unit.meta) == 3 and unit.meta.get("use") != "attention":
            raise CannotAnswer("three facts")
        return super().asked(unit)


def test_who_counts_the_facts_is_asked_about_each_unit(db, mixed):
    worker = Thorough(name="t", **PLACE)
    with db.read() as connection:
        duties = Duties(connection, mixed, worker)
        found = {row.id: duties.of(row) for row in duties.units()}
        assert found == alone(connection, mixed, worker)
        assert [duty.reason for duty in found.values()].count("three facts") == 1


def test_a_fact_of_very_many_values_is_not_kept(db, mixed, monkeypatch):
    monkeypatch.setattr("core.services.duties.MOST", 3)
    assert MOST > 3
    worker = Judge(name="j", only={"source": ("s10",)}, **PLACE)
    with db.read() as connection:
        duties = Duties(connection, mixed, worker)
        found = {row.id: duties.of(row) for row in duties.units()}
        assert found == alone(connection, mixed, worker)
        planned = planning.planned_for(connection, mixed, worker, None, False)
    assert planned.work == sum(bool(duty.asked) for duty in found.values()) == 1
