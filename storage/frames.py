"""The log as statistics read it: small integers, from the tail."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, select

from storage.tables import Judgment

J: Any = Judgment.__table__  # type: ignore[attr-defined]
COLUMNS = ("sequence", "unit", "question", "rater", "repeat", "code", "withdrawn")
MISSING = -1

TAIL = (
    select(J.c.sequence, J.c.unit, J.c.question, J.c.rater, J.c.repeat, J.c.code, J.c.withdrawn)
    .where(
        J.c.study == bindparam("study_id"),
        J.c.sequence > bindparam("after"),
        J.c.stage == "first",
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)


def tail(connection: Connection, study: int, after: int = 0) -> NDArray[np.int64]:
    """Ordinary first-stage judgments with `sequence > after`, in order of the sequence.

    An (n, 7) integer array with columns `COLUMNS`; unit, question and rater are row ids, code is
    -1 where there is none (free text, "n/a", a withdrawal). A later row about the same unit,
    question, rater and repeat supersedes an earlier one; a withdrawn one leaves nothing.
    """
    rows = [
        (r[0], r[1], r[2], r[3], r[4], MISSING if r[5] is None else r[5], int(r[6]))
        for r in connection.execute(TAIL, {"study_id": study, "after": after})
    ]
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(COLUMNS))
