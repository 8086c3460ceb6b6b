"""The log of judgments: appending and finding. `storage.chain` shows whether it is as written.

Every append happens in one transaction: take `n` places in the study's sequence, write the rows,
move the chain's head. The sequence is the order of the chain, the cursor of whoever reads the tail
and the revision that pages watch.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from storage.chain import Break, canonical, chain_facts, digest, link, payload_digest, verify
from storage.database import now
from storage.tables import Judgment, Study

J: Any = Judgment.__table__  # type: ignore[attr-defined]
S: Any = Study.__table__  # type: ignore[attr-defined]
__all__ = ["Break", "Conflict", "NewJudgment", "Stored", "append", "canonical", "verify"]
TAKE = (
    update(S)
    .where(S.c.id == bindparam("study_id"))
    .values(revision=S.c.revision + bindparam("count"))
    .returning(S.c.revision, S.c.head, S.c.key)
)
MOVE = update(S).where(S.c.id == bindparam("study_id")).values(head=bindparam("new_head"))
ADD = insert(J)
KNOWN = select(J.c.key, J.c.id, J.c.sequence, J.c.value, J.c.withdrawn, J.c.hash).where(
    J.c.study == bindparam("study_id"), J.c.key.in_(bindparam("keys", expanding=True))
)
KNOWN_ONE = select(J.c.key, J.c.id, J.c.sequence, J.c.value, J.c.withdrawn).where(
    J.c.study == bindparam("study_id"), J.c.key == bindparam("the_key")
)
CHUNK = 400
SALT = 8  # bytes


class Conflict(Exception):
    """The same place in the log was asked to hold two different answers.

    `sequence` is the row that is there, where it is known.
    """

    def __init__(self, message: str, sequence: int | None = None) -> None:
        super().__init__(message)
        self.sequence = sequence


@dataclass(frozen=True)
class NewJudgment:
    """A judgment to append. Ids place it in the tables, natural keys place it in the chain.

    `value` is any JSON value (`None` for a withdrawal); `replaces` is (id, sequence) of the row
    that this one corrects; `shown` is the order displayed; `revealed` the verdicts seen before.
    """

    unit: int
    unit_key: str
    question: int
    question_digest: str
    rater: int
    rater_key: str
    value: Any
    code: int | None = None
    stage: str = "first"
    repeat: int = 0
    condition: str = ""
    rationale: str = ""
    confidence: float | None = None
    shown: Sequence[str] = ()
    revealed: Sequence[str] = ()
    replaces: tuple[int, int] | None = None
    withdrawn: bool = False
    assignment: int | None = None
    seconds: float | None = None
    run: int | None = None
    call: int | None = None
    created_at: int | None = field(default=None)

    @cached_property
    def key(self) -> str:
        """The idempotency key: the same place and the same row seen give the same key."""
        seen = self.replaces[1] if self.replaces else 0
        return digest(
            [self.unit_key, self.question_digest, self.rater_key, self.stage, self.repeat,
             self.condition, seen]
        )[:40]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a judgment landed. `again` is true when it had been stored before."""

    id: int
    sequence: int
    again: bool = False


def parse(text: str) -> Any:
    """The value of a canonical JSON text."""
    return json.loads(text)


def append(
    connection: Connection, study: int, rows: Sequence[NewJudgment], *, check: bool = True
) -> list[Stored]:
    """Append judgments to a study's log, in order, inside the caller's transaction.

    Returns one `Stored` per row. A row whose key is in the log with the same value is returned as
    `again` and not written. `check=False` skips that look-up for keys known to be new (a unique
    index still refuses a repeat). Raises `Conflict` when a key is there with another value.
    """
    known = lookup(connection, study, [r.key for r in rows]) if check else {}
    stored: dict[int, Stored] = {}
    fresh: list[tuple[int, NewJudgment]] = []
    for place, row in enumerate(rows):
        old = known.get(row.key)
        if old is None:
            fresh.append((place, row))
        elif old.value == canonical(row.value) and bool(old.withdrawn) == row.withdrawn:
            stored[place] = Stored(old.id, old.sequence, again=True)
        else:
            raise Conflict(
                f"another window answered this differently (#{old.sequence}), and nothing more was "
                "stored; reload the page to see that answer",
                old.sequence,
            )
    if fresh:
        stored.update(_write(connection, study, fresh))
    return [stored[place] for place in range(len(rows))]


def lookup(connection: Connection, study: int, keys: Sequence[str]) -> dict[str, Any]:
    """Rows already in the log under these keys: key -> (key, id, sequence, value, withdrawn)."""
    if len(keys) == 1:
        only = connection.execute(KNOWN_ONE, {"study_id": study, "the_key": keys[0]}).first()
        return {only.key: only} if only else {}
    found: dict[str, Any] = {}
    for start in range(0, len(keys), CHUNK):
        part = list(keys[start : start + CHUNK])
        for row in connection.execute(KNOWN, {"study_id": study, "keys": part}):
            found[row.key] = row
    return found


def _write(
    connection: Connection, study: int, fresh: Sequence[tuple[int, NewJudgment]]
) -> dict[int, Stored]:
    taken = connection.execute(TAKE, {"study_id": study, "count": len(fresh)}).one()
    sequence, head = taken.revision - len(fresh), taken.head
    written: list[dict[str, Any]] = []
    places = {}
    moment = now()
    salts = secrets.token_hex(SALT * len(fresh))  # one call to the system for all of them
    for place, row in fresh:
        sequence += 1
        salt = salts[2 * SALT * len(written) :][: 2 * SALT]
        record = _record(study, taken.key, sequence, head, row, moment, salt)
        head = record["hash"]
        written.append(record)
        places[sequence] = place
    if len(written) == 1:
        result = connection.execute(ADD, written[0])
        ids = {sequence: result.inserted_primary_key[0]}  # type: ignore[index]
    else:
        connection.execute(ADD, written)
        first = sequence - len(written)
        found = connection.execute(
            select(J.c.sequence, J.c.id).where(J.c.study == study, J.c.sequence > first)
        )
        ids = {r.sequence: r.id for r in found}
    connection.execute(MOVE, {"study_id": study, "new_head": head})
    return {place: Stored(ids[number], number) for number, place in places.items()}


def _record(
    study: int, study_key: str, sequence: int, head: str, row: NewJudgment, moment: int, salt: str
) -> dict[str, Any]:
    value = canonical(row.value)
    created = row.created_at if row.created_at is not None else moment
    content = payload_digest(salt, value, row.rationale, row.shown)
    facts = chain_facts(
        study=study_key, sequence=sequence, unit=row.unit_key, question=row.question_digest,
        rater=row.rater_key, stage=row.stage, repeat=row.repeat, condition=row.condition,
        code=row.code, confidence=row.confidence, revealed=list(row.revealed),
        replaces=row.replaces[1] if row.replaces else None, withdrawn=row.withdrawn,
        seconds=row.seconds, key=row.key, payload=content, created_at=created,
    )  # fmt: skip
    return {
        "study": study, "sequence": sequence, "unit": row.unit, "question": row.question,
        "rater": row.rater, "stage": row.stage, "repeat": row.repeat, "condition": row.condition,
        "value": value, "code": row.code, "rationale": row.rationale,
        "confidence": row.confidence, "shown": list(row.shown), "revealed": list(row.revealed),
        "replaces": row.replaces[0] if row.replaces else None, "withdrawn": row.withdrawn,
        "assignment": row.assignment, "seconds": row.seconds, "run": row.run, "call": row.call,
        "key": row.key, "salt": salt, "payload_digest": content, "hash": link(head, facts),
        "created_at": created,
    }  # fmt: skip


def latest(
    connection: Connection, unit: int, rater: int, stage: str = "first", repeat: int = 0
) -> dict[int, Any]:
    """The newest row per question of one rater on one unit in a stage, withdrawn ones too."""
    facts = {"unit_id": unit, "rater_id": rater, "in_stage": stage, "turn": repeat}
    rows = connection.execute(LATEST, facts)
    return {row.question: row for row in rows}


LATEST = (
    select(J.c.id, J.c.sequence, J.c.question, J.c.value, J.c.withdrawn, J.c.rationale)
    .where(
        J.c.unit == bindparam("unit_id"),
        J.c.rater == bindparam("rater_id"),
        J.c.stage == bindparam("in_stage"),
        J.c.repeat == bindparam("turn"),
        J.c.condition == "",
    )
    .order_by(J.c.sequence)
)


def revision(connection: Connection, study: int) -> int:
    """How many rows the study's log holds."""
    return int(connection.execute(select(S.c.revision).where(S.c.id == study)).scalar_one())


def count(connection: Connection, study: int) -> int:
    """Rows of the log that count: not replaced and not withdrawn."""
    newer = J.alias("newer")
    return int(
        connection.execute(
            select(func.count())
            .select_from(J)
            .outerjoin(newer, newer.c.replaces == J.c.id)
            .where(J.c.study == study, newer.c.id.is_(None), J.c.withdrawn.is_(False))
        ).scalar_one()
    )
