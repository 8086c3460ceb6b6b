"""The rule by which pairs become units, at work on a study."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from core.content.base import restore
from core.pairing import Candidate, Paired, Unscored, pairs
from storage import details, items
from storage import studies as study_rows

if TYPE_CHECKING:
    from core.services.studies import Study

BATCH, PAIR = "pairs", "pair"  # kinds of events: one of each batch, one of each unit


class Chooser:
    """Applies a study's rule to its items, and writes down what it did.

    Nothing is read and nothing written where every pair is taken.
    """

    def __init__(self, connection: Connection, study: "Study") -> None:
        """What the rule needs of the study."""
        self.study, self.rule = study, study.protocol.pairs
        self.active = self.rule.rule != "all"
        self._made = items.outputs(connection, study.id) if self.active else {}
        self._found: dict[tuple[int, tuple[str, ...]], Paired] = {}
        self.passed_by: dict[str, str] = {}
        self.left = 0

    def groups(
        self, item: int, name: str, keys: Sequence[str], meta: Mapping[str, Any]
    ) -> list[list[str]] | None:
        """The pairs of an item's judged outputs that become units; None where no rule chooses.

        An item whose outputs lack a score has none, and is noted with the reason.
        """
        if not self.active or self.study.protocol.design(meta) != "pairs":
            return None
        made = [self._candidate(self._made[item][key], meta) for key in keys]
        try:
            every = pairs(self.rule, made, name, self.study.seed)
        except Unscored as error:
            self.passed_by[name] = str(error)
            return []
        kept = [one for one in every if one.taken or one.audit]
        self.left += len(every) - len(kept)
        self._found |= {(item, one.keys): one for one in kept}
        return [list(one.keys) for one in kept]

    def _candidate(self, row: Any, meta: Mapping[str, Any]) -> Candidate:
        text = restore(row.content).text() if self.rule.rule == "bonus" else ""
        known = row.content.get("facts") or {}
        return Candidate(
            row.key, row.source, row.role, score_of(self.rule.score, row.key, known, meta), text
        )

    def by_rounds(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """New units with the first round of every item before the second of any."""
        if self.rule.rule != "round_robin":
            return rows
        none = Paired(("", ""))
        return sorted(
            rows, key=lambda r: self._found.get((r["item"], tuple(r["outputs"])), none).round
        )

    def record(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append what became of this batch: one event for it, and one for each new unit."""
        new = [
            (row["key"], self._found[place])
            for row in rows
            if (place := (row["item"], tuple(row["outputs"]))) in self._found
        ]
        if not self.active or not (new or self.passed_by != self._before(connection)):
            return
        rule = self.rule.model_dump(mode="json", exclude_defaults=True)
        audit = sum(one.audit for _, one in new)
        batch = study_rows.record(
            connection, self.study.id, BATCH, "",
            {"rule": rule, "seed": self.study.seed, "taken": len(new) - audit, "audit": audit,
             "left": self.left, "passed_by": self.passed_by},
        )  # fmt: skip
        ids = items.unit_ids(connection, self.study.id) if new else {}
        details.about_units(
            connection, self.study.id, PAIR,
            [(ids[key], {"batch": batch, **self._said(one)}) for key, one in new],
        )  # fmt: skip

    def _before(self, connection: Connection) -> Mapping[str, str]:
        events = study_rows.events(connection, self.study.id, [BATCH])
        return events[-1].data["passed_by"] if events else {}

    def _said(self, one: Paired) -> dict[str, Any]:
        said = {
            "rule": self.rule.rule, "audit": one.audit, "round": one.round or None,
            "margin": one.margin, "worth": one.worth,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}


def score_of(
    name: str, key: str, known: Mapping[str, Any], meta: Mapping[str, Any]
) -> float | None:
    """An output's score: its own fact, else the item's for it; None where neither is a number."""
    of_item = meta.get(name)
    found = [
        known.get(name), meta.get(f"{name}/{key}"),
        of_item.get(key) if isinstance(of_item, Mapping) else None,
    ]  # fmt: skip
    return next((score for one in found if (score := _number(one)) is not None), None)


def _number(raw: Any) -> float | None:
    """A number, also one that a file gave as text; None for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        return float(raw)
    except ValueError:
        return None
