"""What a judge would be sent, before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.services import material, studies
from core.services.access import Identity, require
from core.services.studies import Refused
from core.workers.base import CannotAnswer
from core.workers.judge import Judge
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Look:
    """The exact messages for one unit, and the schema that the reply must meet."""

    unit: str
    messages: Sequence[dict[str, Any]]
    schema: dict[str, Any]


def prompt(db: Database, who: Identity, key: str, judge: Judge, skip: int = 0) -> Look:
    """The prompt for the first unit that the judge can answer, or the one `skip` units further.

    Raises `Refused` with the reason when it can answer none.
    """
    require(who, "run")
    why = "the study has no units"
    with db.read() as connection:
        for _, unit in material.all_units(connection, studies.load(db, key, connection)):
            try:
                messages = judge.messages(unit)
            except CannotAnswer as reason:
                why = str(reason)
                continue
            if skip == 0:
                return Look(unit.key, messages, judge.reply_schema(unit))
            skip -= 1
    raise Refused(f"{judge.name} can answer no further unit here ({why})")
