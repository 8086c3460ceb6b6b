"""What a worker is handed beside what people see: votes, and outputs as people edited them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from core.content.base import restore
from core.content.text import TextContent
from core.services import ballots, material
from core.services.studies import Study
from core.units import Shown, Unit
from core.workers.base import Worker
from storage import outputs
from storage import votes as vote_rows


def complete(
    connection: Connection, study: Study, worker: Worker, units: dict[int, Unit]
) -> dict[int, Unit]:
    """The units with all that the worker asks for: votes, and outputs beside."""
    voted = ballots.with_votes(connection, study, worker, units)
    return with_beside(connection, study, worker, voted)


def with_beside(
    connection: Connection, study: Study, worker: Worker, units: dict[int, Unit]
) -> dict[int, Unit]:
    """The units with the outputs of their items whose roles the worker is given beside its task.

    What people edited comes first, as they edited it: what was decided in review, else the newest
    edit; then the outputs as they were written, the newest first.
    """
    roles = worker.beside()
    keys = sorted({unit.item for unit in units.values()})
    rows = outputs.of_roles(connection, study.id, keys, roles) if roles and keys else []
    if not rows:
        return units
    written: dict[str, list[Shown]] = {}
    for row in rows:
        shown = Shown(row.key, restore(row.content), row.role, row.source)
        written.setdefault(row.item_key, []).append(shown)
    edited = _edited(connection, study, roles, written)
    found = {key: (*edited.get(key, ()), *own) for key, own in written.items()}
    return {place: replace(u, beside=found.get(u.item, ())) for place, u in units.items()}


def _edited(
    connection: Connection, study: Study, roles: Sequence[str], written: Mapping[str, list[Shown]]
) -> dict[str, list[Shown]]:
    """Per item the outputs that people changed, with the text that they gave them."""
    asked = {study.wording(q): q for q in study.protocol.questions if q.source() in roles}
    found: dict[str, list[Shown]] = {}
    if not asked:
        return found
    for row in vote_rows.by_people(connection, study.id, list(written), list(asked)):
        question = asked[row.question]
        text = question.rewritten(json.loads(row.value))
        about = [o for o in written[row.item_key]
                 if o.key in row.outputs and o.role == question.source()]  # fmt: skip
        if about and text is not None and not _same(text, about[0]):
            own = replace(about[0], content=TextContent(text), facts={"edited": True})
            found.setdefault(row.item_key, []).append(own)
    return found


def _same(text: str, about: Shown) -> bool:
    """Whether a text says what the output says, numbers of its lines left out."""
    held: Any = about.content
    lines = held.lines() if hasattr(held, "lines") else held.text().splitlines()
    return text in (held.text(), "\n".join(lines))


def present(connection: Connection, study: Study, worker: Worker) -> dict[str, set[str]]:
    """Per role that the worker is given beside and that others write: the items that have it."""
    writers = {w.writes for w in study.protocol.workers if w.writes}
    return {
        role: outputs.having(connection, study.id, role)
        for role in worker.beside() if role in writers
    }  # fmt: skip


def awaited(
    study: Study, item: str, facts: Mapping[str, Any], there: Mapping[str, set[str]]
) -> str:
    """The role that is still to be written for an item, of those in `there`; '' for none."""
    for role, having in there.items():
        writers = [w for w in study.protocol.workers if w.writes == role]
        if item not in having and any(material.applies(w, facts) for w in writers):
            return role
    return ""
