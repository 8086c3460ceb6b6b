"""The ledger of calls to model endpoints: the reply stored first under a key is the reply."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import now
from storage.tables import Call

C: Any = Call.__table__  # type: ignore[attr-defined]
BY_KEY = select(C.c.key, C.c.id, C.c.reply).where(
    C.c.key.in_(bindparam("keys", expanding=True)), C.c.reply.is_not(None)
)
ADD = {
    "sqlite": sqlite.insert(C).on_conflict_do_nothing(index_elements=["key"]),
    "postgresql": postgresql.insert(C).on_conflict_do_nothing(index_elements=["key"]),
}
CHUNK = 400
RECENT, ENOUGH = 20_000, 500
MEASURED = 60


def find(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Stored replies by key: (id, reply text). Failed calls are not found."""
    found: dict[str, tuple[int, str]] = {}
    for start in range(0, len(keys), CHUNK):
        part = list(keys[start : start + CHUNK])
        for row in connection.execute(BY_KEY, {"keys": part}):
            found[row.key] = (row.id, row.reply)
    return found


def keep(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store calls; a row whose key is there already is left as it was stored first.

    Columns: key, run, model, attempts, request, reply, prompt_tokens, completion_tokens, cost,
    seconds, error.
    """
    if rows:
        moment = now()
        statement = ADD[connection.dialect.name]
        connection.execute(statement, [{**row, "created_at": moment} for row in rows])


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run's calls used. `cost` is None when no call had a price.

    `recent` counts the latest calls, and `begun` is the moment at which the first of these began; 0
    without any.
    """

    calls: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    recent: int
    begun: int = 0


def totals(connection: Connection, run: int, since: int) -> Totals:
    """Sums over the calls of a run; `recent` are those stored after the moment `since`."""
    row = connection.execute(
        select(
            func.count().label("calls"),
            func.count().filter(C.c.reply.is_(None)).label("failed"),
            func.coalesce(func.sum(C.c.prompt_tokens), 0).label("prompt"),
            func.coalesce(func.sum(C.c.completion_tokens), 0).label("completion"),
            func.sum(C.c.cost).label("cost"),
            func.count().filter(C.c.created_at > since).label("recent"),
            func.min(C.c.created_at - C.c.seconds * 1e6)
            .filter(C.c.created_at > since)
            .label("begun"),
        ).where(C.c.run == run)
    ).one()
    return Totals(
        int(row.calls), int(row.failed), int(row.prompt), int(row.completion),
        None if row.cost is None else float(row.cost), int(row.recent), int(row.begun or 0),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """Means over the latest calls of a model, tokens and seconds; None without any."""

    n: int
    reply: float | None
    seconds: float | None


def past(connection: Connection, model: str, wordless: bool = False) -> Past:
    """How long replies of a model were lately, and how many seconds they took.

    Of calls that are answered in words, or of those that are not: embeddings.
    """
    said = C.c.completion_tokens > 0
    if wordless:
        said = (C.c.completion_tokens == 0) & (C.c.prompt_tokens > 0) & C.c.run.is_not(None)
    newest = connection.execute(select(func.coalesce(func.max(C.c.id), 0))).scalar_one()
    latest = (
        select(C.c.completion_tokens, C.c.seconds)
        .where(C.c.id > newest - RECENT, C.c.model == model, C.c.reply.is_not(None))
        .where(said)
        .order_by(C.c.id.desc())
        .limit(ENOUGH)
        .subquery()
    )
    row = connection.execute(
        select(func.count(), func.avg(latest.c.completion_tokens), func.avg(latest.c.seconds))
    ).one()
    if not row[0]:
        return Past(0, None, None)
    return Past(int(row[0]), float(row[1]), float(row[2]))


def prompts(connection: Connection, model: str) -> list[tuple[Any, int, int, float]]:
    """The latest requests of a model's runs that were answered at once, and what they took.

    Rows of request, prompt tokens, tokens of the reply, seconds.
    """
    newest = connection.execute(select(func.coalesce(func.max(C.c.id), 0))).scalar_one()
    rows = connection.execute(
        select(C.c.request, C.c.prompt_tokens, C.c.completion_tokens, C.c.seconds)
        .where(C.c.id > newest - RECENT, C.c.model == model, C.c.reply.is_not(None))
        .where(C.c.prompt_tokens > 0, C.c.attempts == 1, C.c.run.is_not(None))
        .order_by(C.c.id.desc())
        .limit(MEASURED)
    )
    return [(json.loads(r.request), r.prompt_tokens, r.completion_tokens, r.seconds) for r in rows]


def seconds(connection: Connection, run: int, most: int) -> list[float]:
    """How long the latest answered calls of a run took, each attempt on average."""
    rows = connection.execute(
        select(C.c.seconds, C.c.attempts)
        .where(C.c.run == run, C.c.reply.is_not(None))
        .order_by(C.c.id.desc())
        .limit(most)
    )
    return [row.seconds / max(1, row.attempts) for row in rows]
