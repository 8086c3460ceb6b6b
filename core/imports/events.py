"""What stands beside a judgment in Concord's own files: who judged, how it was given, events."""

import json
from collections.abc import Mapping
from typing import Any

from core.imports import cells
from core.imports.base import Assigned, EventRow, Place, RaterRow, Reading, Units

KINDS = frozenset({"person", "model", "rule", "panel"})
KEPT = (
    "skip", "flag", "comment", "reply", "resolved", "cause", "reask", "proposal", "calibration",
    "hurried", "pair", "detail", "quoted instruction",
)  # fmt: skip
LONGEST, MOST = 200, 10_000


def assigned(row: Mapping[str, Any], place: Place, reading: Reading) -> Assigned | None:
    """How the unit was given out; None where the file does not say."""
    raw = row.get("assignment")
    if raw is None:
        return None
    chance = raw.get("propensity") if isinstance(raw, dict) else None
    names = ("policy", "design", "arm", "stage")
    fits = (
        isinstance(raw, dict)
        and isinstance(chance, int | float) and not isinstance(chance, bool) and 0 <= chance <= 1
        and all(isinstance(raw.get(name), str) and len(raw[name]) <= LONGEST for name in names)
        and isinstance(raw.get("repeat"), int) and 0 <= raw["repeat"] < MOST
    )  # fmt: skip
    if not fits or not isinstance(chance, int | float):
        expected = "policy, design, arm and stage, a repeat, a propensity from 0 to 1"
        reading.problems.add(place, "assignment", expected, raw)
        return None
    return Assigned(
        raw["policy"], float(chance), raw["design"], raw["arm"], raw["stage"], int(raw["repeat"])
    )


def event(
    row: Mapping[str, Any], place: Place, reading: Reading, units: Units
) -> EventRow | None:  # fmt: skip
    """What else happened, as a row says it; None after noting a problem."""
    problems, before = reading.problems, len(reading.problems.found)
    if row.get("kind") not in KEPT:
        problems.add(place, "kind", f"one of {', '.join(KEPT)}", row.get("kind"))
    if not isinstance(row.get("data"), dict):
        problems.add(place, "data", "a JSON object", row.get("data"))
    unit, names = None, row.get("outputs")
    if row.get("item") is not None:
        outputs = [str(n) for n in names] if isinstance(names, list) else None
        unit = units(str(row["item"]), outputs)
        if unit is None:
            problems.add(place, "item", "an item of this file or of the study", row["item"])
    about = None if row.get("rater") is None else rater(row, place, reading)
    number, moment = (whole(row, name, place, reading) for name in ("number", "created_at"))
    if number is None or moment is None:
        problems.add(place, "number", "a number and the time `created_at`", row.get("number"))
    if len(problems.found) > before:
        return None
    data = cells.fact(row["data"], "data", place, problems)
    by = cells.words(row.get("by"), "by", place, problems)
    judgment = whole(row, "judgment", place, reading)
    found = EventRow(row["kind"], by, about, unit, judgment, data, moment or 0, number or 0, place)
    return found if len(problems.found) == before else None


def rater(row: Mapping[str, Any], place: Place, reading: Reading) -> RaterRow | None:
    """The rater that a row names; None after noting a problem."""
    raw = row.get("rater")
    known = raw if isinstance(raw, dict) else {}
    kind, key, name = known.get("kind"), known.get("key"), known.get("name", "")
    if kind not in KINDS or not isinstance(key, str) or not key or not isinstance(name, str):
        reading.problems.add(place, "rater", "a rater with kind and key", raw)
        return None
    spec = known.get("spec")
    facts = spec if isinstance(spec, dict) else {}
    cells.fact(facts, "rater.spec", place, reading.problems)
    cells.name_of(key, "rater.key", place, reading.problems)
    cells.name_of(name, "rater.name", place, reading.problems)
    return RaterRow(str(kind), key, name, json.dumps(facts, sort_keys=True))


def whole(row: Mapping[str, Any], column: str, place: Place, reading: Reading) -> int | None:
    """A whole number of a row; None where there is none, or after noting a problem."""
    raw = row.get(column)
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw < 2**62:
        reading.problems.add(place, column, "a whole number", raw)
        return None
    return raw
