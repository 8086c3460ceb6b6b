"""Questions about the person: asked once of each, before the work or after it."""

from typing import Literal

from core.services import pools
from core.services.choosing import Choice, Setting
from storage import assignments, checked, items

When = Literal["before", "after"]
STAGE = "participant"


def due(at: Setting, when: When) -> Choice | None:
    """The questionnaire that the person has not been given yet, or None."""
    bounds = pools.bounds(at.study.protocol, when)
    if not checked.holds(at.connection, at.study.id, bounds):
        _make(at, when, bounds[0] + 1)
    rows = assignments.free_within(at.connection, at.study.id, at.rater, bounds, STAGE)
    if not rows:
        return None
    row = rows[0]
    return Choice(row.id, row.item, "questionnaire/1", stage=STAGE, released=row.released)


def _make(at: Setting, when: When, position: int) -> None:
    """The unit that holds a questionnaire: one for the whole study, without anything to look at."""
    key = next(key for key, pool in pools.QUESTIONNAIRES.items() if pool == when)
    known = items.item_ids(at.connection, at.study.id)
    if key not in known:
        items.add_items(at.connection, at.study.id, [{"key": key, "content": {}, "meta": {}}])
        known = items.item_ids(at.connection, at.study.id)
    row = {"item": known[key], "key": key, "outputs": [], "position": position}
    items.add_units(at.connection, at.study.id, [row])
