"""What the rule of a study has made of its pairs so far."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.services import studies
from core.services.access import Identity, require
from core.services.pairing import BATCH
from storage import studies as study_rows
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a study's rule has made: units by the rule that took them, and of the last batch more.

    `audit` counts the units that were drawn from what a rule left out. Of the last batch: `left`
    pairs were left out, and `passed_by` says of each item without pairs why.
    """

    rule: str
    taken: Mapping[str, int] = field(default_factory=dict)
    audit: int = 0
    left: int = 0
    passed_by: Mapping[str, str] = field(default_factory=dict)


def chosen(db: Database, who: Identity, key: str) -> Chosen | None:
    """What the rule of a study has made so far; None where there is no rule. Raises `Denied`."""
    require(who, "transfer")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        batches = study_rows.events(connection, study.id, [BATCH])
    if study.protocol.pairs.rule == "all" and not batches:
        return None
    taken, audit = Counter[str](), 0
    for row in batches:
        taken[row.data["rule"]["rule"]] += row.data["taken"]
        audit += row.data["audit"]
    last = batches[-1].data if batches else {}
    return Chosen(
        study.protocol.pairs.rule, taken, audit, last.get("left", 0), last.get("passed_by", {})
    )
