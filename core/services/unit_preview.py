"""A unit to look at while a study is written: one of its own, or an example."""

from dataclasses import replace

from core.content.base import contents
from core.protocol import StudyProtocol
from core.services import material, studies
from core.services.access import Identity, require
from core.units import Shown, Unit
from storage import progress
from storage.database import Database


def preview(
    db: Database, who: Identity, protocol: StudyProtocol, key: str | None = None, place: int = 0
) -> Unit:
    """What an annotator would see under this protocol.

    `key` names the study whose unit number `place` is shown; without a study, or when it has no
    units, the unit is an example in which every question is asked.
    """
    require(who, "edit")
    if key is not None:
        with db.read() as connection:
            study = studies.load(db, key, connection)
            row = progress.nth_unit(connection, study.id, place)
            if row is not None and _fits(study.protocol, protocol):
                return material.read_unit(connection, replace(study, protocol=protocol), row)
    return example(protocol)


def _fits(old: StudyProtocol, new: StudyProtocol) -> bool:
    return (old.fields, old.responses, old.units) == (new.fields, new.responses, new.units)


def example(protocol: StudyProtocol) -> Unit:
    """A made-up unit: example contents, two responses (one, where each is judged by itself)."""
    alone = protocol.units == "each"
    response = contents[protocol.responses].example()
    outputs = tuple(Shown(key, response) for key in ("first", "second")[: 1 if alone else 2])
    return Unit(
        key="example", item="example", outputs=outputs, order=tuple(o.key for o in outputs),
        fields={name: contents[kind].example() for name, kind in protocol.fields.items()},
        questions=protocol.questions,
    )  # fmt: skip
