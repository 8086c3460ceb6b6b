"""What raters told beside their judgments: expectations, scores, votes; and quoted instructions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.digest import canonical
from core.services import studies
from core.services.access import Identity, require
from core.units import Draft
from storage import details as detail_rows
from storage import studies as study_rows
from storage.database import Database, now

DETAIL, QUOTED = "detail", "quoted instruction"


@dataclass(frozen=True, slots=True)
class Quoted:
    """A judgment whose reasoning quotes an instruction found in the material: look at it."""

    rater: str
    unit_id: int
    unit: str
    question: str
    quotes: tuple[str, ...]
    judgment: int


def store(
    connection: Connection, study: int, rater: tuple[int, str], run: int,
    told: Sequence[tuple[int, int, Draft]],
) -> None:  # fmt: skip
    """Keep the facts of drafted judgments (unit id, judgment id, draft); `rater` is id and name.

    A quoted instruction is an event of its own, so that it can be counted and shown; the value of
    the judgment is never touched.
    """
    moment, rows = now(), []
    for unit, judgment, draft in told:
        facts = dict(draft.facts)
        canonical(facts)  # plain data, or an error that names it
        quotes = facts.pop("quoted", None)
        common = {"study": study, "actor": rater[1], "rater": rater[0], "unit": unit,
                  "judgment": judgment, "created_at": moment}  # fmt: skip
        place = {"question": draft.question, "repeat": draft.repeat, "run": run}
        if facts:
            rows.append({**common, "kind": DETAIL, "data": {**place, "facts": facts}})
        if quotes:
            rows.append({**common, "kind": QUOTED, "data": {**place, "quotes": list(quotes)}})
    detail_rows.add(connection, rows)


def of_judgments(connection: Connection, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """The facts told beside each of these judgments; quotes under `quoted`."""
    found: dict[int, dict[str, Any]] = {}
    for row in detail_rows.of(connection, ids, [DETAIL, QUOTED]):
        own = found.setdefault(row.judgment, {})
        own |= row.data["facts"] if row.kind == DETAIL else {"quoted": row.data["quotes"]}
    return found


def words(facts: Mapping[str, Any]) -> str:
    """The facts beside a judgment for people, shortly; '' when there is nothing to say."""
    said = []
    if "expectation" in facts:
        said.append(f"expected score {facts['expectation']:.2f} ({facts['score_mode']})")
    elif "score_mode" in facts:
        said.append(f"score as written: {facts.get('because', facts['score_mode'])}")
    if "scores" in facts and "by" not in facts:
        said.append("scores " + ", ".join(f"{k} {v:g}" for k, v in facts["scores"].items()))
    if "votes" in facts:
        said.append(f"{facts['share']:.0%} of {facts['votes']} votes")
        said.append(f"entropy {facts['entropy']:.2f} bits")
        said += [f"s.d. {facts['sd']:.2f}"] if "sd" in facts else []
    if "pass_rate" in facts:
        rates = facts["pass_rate"]
        said.append("pass rate " + ", ".join(f"{k} {v:.0%}" for k, v in rates.items()))
    return "; ".join(said)


def quoted(db: Database, who: Identity, key: str, run: int | None = None) -> list[Quoted]:
    """The judgments of a study, or of a run, that quote an instruction hidden in the material."""
    require(who, "run")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        names = {r.id: r.name for r in study_rows.raters(connection, study.id)}
        return [
            Quoted(names.get(row.rater, row.actor), row.unit, row.unit_key, row.data["question"],
                   tuple(row.data["quotes"]), row.judgment)
            for row in detail_rows.of_kind(connection, study.id, QUOTED)
            if run is None or row.data["run"] == run
        ]  # fmt: skip
