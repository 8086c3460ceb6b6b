"""What runs took together: tasks, calls, tokens, money and time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from storage.calls import C
from storage.runs import J, T


@dataclass(frozen=True, slots=True)
class Spent:
    """Sums over some runs; `seconds` is the time at the endpoint, calls at once counted singly.

    `reused` counts judgments whose call an earlier run had paid for.
    """

    tasks: int
    calls: int
    reused: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    seconds: float


def spent(connection: Connection, runs: Sequence[int], rater: int | None) -> Spent:
    """What these runs of a rater took."""
    if not runs:
        return Spent(0, 0, 0, 0, 0, None, 0.0)
    ids = list(runs)
    tasks = connection.execute(
        select(func.count()).where(T.c.run.in_(ids), T.c.state == "done")
    ).scalar_one()
    row = connection.execute(
        select(
            func.count(), func.coalesce(func.sum(C.c.prompt_tokens), 0),
            func.coalesce(func.sum(C.c.completion_tokens), 0), func.sum(C.c.cost),
            func.coalesce(func.sum(C.c.seconds), 0.0),
        ).where(C.c.run.in_(ids))
    ).one()  # fmt: skip
    reused = connection.execute(
        select(func.count())
        .select_from(J.join(C, C.c.id == J.c.call))
        .where(J.c.rater == rater, J.c.run.in_(ids), C.c.run.not_in(ids))
    ).scalar_one()
    cost = None if row[3] is None else float(row[3])
    return Spent(
        int(tasks), int(row[0]), int(reused), int(row[1]), int(row[2]), cost, float(row[4])
    )
