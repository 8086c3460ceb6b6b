"""What checklists came to in a study: per rater, over all items and over whole responses."""

from dataclasses import dataclass

from core.services import studies
from core.services.access import Identity, require
from core.services.details import DETAIL
from core.statistics.base import Estimate
from core.statistics.checklists import micro_score, wholly_met
from storage import details as detail_rows
from storage import studies as study_rows
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Scores:
    """One rater's checks: items met, responses that meet all, and the items that fail most."""

    rater: str
    items: Estimate
    whole: Estimate
    failed: tuple[tuple[str, int], ...]


def scores(db: Database, who: Identity, key: str, most: int = 20) -> list[Scores]:
    """The checklist raters of a study; each response counts once, by its newest check."""
    require(who, "see_results")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        names = {r.id: r.name for r in study_rows.raters(connection, study.id)}
        rows = detail_rows.of_kind(connection, study.id, DETAIL)
    checks: dict[int, dict[tuple[int, str], tuple[list[str], list[bool]]]] = {}
    for row in rows:
        facts = row.data["facts"]
        for output, met in facts.get("met", {}).items() if "checklist" in facts else ():
            checks.setdefault(row.rater, {})[(row.unit, output)] = (facts["checklist"], met)
    found = []
    for rater, own in checks.items():
        met = [sum(yes) for _, yes in own.values()]
        items = [len(yes) for _, yes in own.values()]
        failed: dict[str, int] = {}
        for texts, yes in own.values():
            for text, one in zip(texts, yes, strict=True):
                failed[text] = failed.get(text, 0) + (not one)
        worst = sorted((pair for pair in failed.items() if pair[1]), key=lambda pair: -pair[1])
        found.append(
            Scores(names.get(rater, ""), micro_score(met, items), wholly_met(met, items),
                   tuple(worst[:most]))
        )  # fmt: skip
    return found
