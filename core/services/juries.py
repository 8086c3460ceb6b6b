"""What juries of the raters of a study would have said, from stored votes alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.services.access import Identity
from core.services.analysis import following
from core.services.findings import NoAnswer
from core.services.tables import Sheet
from core.statistics.accuracy import Reference, against
from core.statistics.base import Estimate, statistics
from core.statistics.cohen import cohen_kappa
from core.statistics.juries import Jury, Pool, reference_codes
from core.workers.families import related
from storage import studies as study_rows
from storage.database import Database

WANTED = 6


@dataclass(frozen=True, slots=True)
class Juries:
    """Every jury of the chosen raters: names by index, each alone, and what to beware of.

    `alone` is each rater's kappa with the reference, its first order only. `relatives` are groups
    of raters whose models are of one family.
    """

    study: str
    question: str
    reference: Reference
    pool: Pool
    estimate: Estimate
    names: Mapping[int, str]
    alone: Mapping[int, Estimate]
    relatives: Sequence[Sequence[str]]

    @property
    def found(self) -> Sequence[Jury]:
        """All juries, the best first; those without a kappa last."""
        every: Sequence[Jury] = self.estimate.detail.get("juries", ())
        return sorted(every, key=lambda j: (j.missing.value is None, -(j.missing.value or 0.0)))

    def said(self, jury: Jury) -> str:
        """A jury's members by name."""
        return " + ".join(self.names[m] for m in jury.members)


def candidates(db: Database, who: Identity, study: str, question: str | None) -> list[str]:
    """The raters that can sit on a jury: every one that answered and is no real person."""
    with following(db, who, study, question) as (_, _, sheet):
        return [sheet.table.raters[m].title for m in _able(sheet)]


def _able(sheet: Sheet) -> list[int]:
    table = sheet.table
    return [
        m for m, rater in enumerate(table.raters)
        if not rater.person and rater.kind != "panel" and table.answered(m)
    ]  # fmt: skip


def juries(
    db: Database, who: Identity, study: str, question: str | None = None, *,
    members: Sequence[str] = (), reference: Reference | None = None, pool: Pool = "majority",
) -> Juries:  # fmt: skip
    """Every jury of at least two of the raters named (the first models and rules, unless named).

    The reference is the majority of people where people answered, else the known answers, unless
    given. Raises `Denied`, `NoStudy`, `NoAnswer`.
    """
    with following(db, who, study, question) as (now, asked, sheet):
        table = sheet.table
        chosen = _chosen(sheet, members)
        fitting = reference or _reference(sheet)
        tie = table.labels.index("tie") if "tie" in table.labels else None
        options: dict[str, Any] = {"reference": fitting, "pool": pool, "tie": tie}
        try:
            estimate = statistics["juries"](table, chosen, seed=now.seed, **options)
        except ValueError as error:
            raise NoAnswer(str(error)) from None
        names = {m: table.raters[m].title for m in chosen}
        ids = {table.raters[m].id: names[m] for m in chosen}
        alone = {
            m: cohen_kappa(
                against(table, m, fitting), labels=table.labels, possible=table.possible
            )
            for m in chosen
        }  # fmt: skip
        with db.read() as connection:
            specs = {r.id: r.spec or {} for r in study_rows.raters(connection, now.id)}
        models = {n: str(specs[i]["model"]) for i, n in ids.items() if specs[i].get("model")}
        return Juries(now.key, asked.name, fitting, pool, estimate, names, alone, related(models))


def _chosen(sheet: Sheet, members: Sequence[str]) -> list[int]:
    able = _able(sheet)
    titles = {sheet.table.raters[m].title: m for m in able}
    titles = {sheet.table.raters[m].name: m for m in able} | titles
    unknown = [name for name in members if name not in titles]
    if unknown:
        raise NoAnswer(f"no rater is called {unknown[0]!r}; there are: {sorted(titles)}")
    return sorted({titles[name] for name in members}) if members else able[:WANTED]


def _reference(sheet: Sheet) -> Reference:
    people = (reference_codes(sheet.table, "majority") >= 0).any()
    return "majority" if people else "gold"


def rows(found: Juries) -> list[dict[str, Any]]:
    """One row per jury for a table or a file: both rules for ties, n and coverage."""
    lines = []
    for jury in found.found:
        line: dict[str, Any] = {
            "jury": found.said(jury), "jurors": len(jury.members),
            "kappa_ties_missing": jury.missing.value, "low": jury.missing.low,
            "high": jury.missing.high, "agreement_ties_missing": jury.missing_percent.value,
            "n_ties_missing": jury.missing.n, "coverage": jury.missing.coverage,
            "ties": jury.ties, "voted": jury.voted,
        }  # fmt: skip
        if jury.tie is not None and jury.tie_percent is not None:
            line |= {
                "kappa_ties_as_tie": jury.tie.value, "agreement_ties_as_tie":
                jury.tie_percent.value, "n_ties_as_tie": jury.tie.n,
            }  # fmt: skip
        lines.append(line | {"note": jury.missing.note})
    return lines
