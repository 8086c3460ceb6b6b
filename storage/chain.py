"""The hash chain over a study's judgments: what a row's hash covers, and walking it.

Each hash covers the one before, the row's facts by natural keys, and a digest of its content, so
that content can be erased and the chain still be walked. A log that is rewritten as a whole, its
head included, cannot be told from an honest one by the chain alone.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from storage.tables import Judgment, Question, Rater, Study, Unit

J: Any = Judgment.__table__  # type: ignore[attr-defined]
S: Any = Study.__table__  # type: ignore[attr-defined]
U: Any = Unit.__table__  # type: ignore[attr-defined]
Q: Any = Question.__table__  # type: ignore[attr-defined]
R: Any = Rater.__table__  # type: ignore[attr-defined]
ALTERED = "a fact about the row was altered, or the row was inserted"


ENCODE = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode  # made once: making one per value costs more than the encoding


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, unescaped Unicode, no NaN."""
    return ENCODE(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def payload_digest(salt: str, value: str, rationale: str, shown: Sequence[str]) -> str:
    """What the chain keeps of the content, so that erasing it leaves the chain verifiable."""
    return digest([salt, value, rationale, list(shown)])


def link(previous: str, facts: Mapping[str, Any]) -> str:
    """The hash of a row: the previous hash and the row's facts by natural keys."""
    return digest([previous, facts])


def chain_facts(**facts: Any) -> dict[str, Any]:
    """The facts that a row's hash covers; numbers as decimal text, so that engines agree."""
    for name in ("confidence", "seconds"):
        facts[name] = None if facts[name] is None else repr(float(facts[name]))
    facts["withdrawn"] = bool(facts["withdrawn"])
    return facts


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold."""

    sequence: int
    reason: str


def verify(connection: Connection, study: int) -> Iterator[int | Break]:
    """Walk a study's chain; yields each sequence that holds, then a `Break` if one does not.

    `Break.sequence` is the number of the first row that is altered, missing or inserted.
    """
    head, count, previous = "", 0, ""
    state = connection.execute(select(S.c.key, S.c.revision, S.c.head).where(S.c.id == study)).one()
    with connection.execute(_rows(study)) as rows:
        for row in rows:
            count += 1
            problem = _problem(row, count, previous, state.key)
            if problem:
                yield Break(count, problem)
                return
            previous = head = row.hash
            yield row.sequence
    if count < state.revision:
        yield Break(count + 1, "the row is missing, and with it the end of the log")
    elif count > state.revision:
        yield Break(state.revision + 1, "the row was inserted: the study counts fewer rows")
    elif head != state.head:
        yield Break(count, "the last row is not the one that was written last")


def _rows(study: int) -> Any:
    """The query of a study's rows with the natural keys that their hashes cover, in order."""
    old = J.alias("old")
    return (
        select(
            J,
            U.c.key.label("unit_key"),
            Q.c.digest.label("question_digest"),
            (R.c.kind + ":" + R.c.key).label("rater_key"),
            old.c.sequence.label("replaced"),
        )
        .join(U, U.c.id == J.c.unit)
        .join(Q, Q.c.id == J.c.question)
        .join(R, R.c.id == J.c.rater)
        .outerjoin(old, old.c.id == J.c.replaces)
        .where(J.c.study == study)
        .order_by(J.c.sequence)
        .execution_options(yield_per=2000)
    )


def _problem(row: Any, count: int, previous: str, study_key: str) -> str:
    if row.sequence > count:
        return "the row is missing"
    if row.sequence < count:
        return "a row was inserted before it"
    if not row.salt:
        if row.value != "null" or row.rationale or row.shown:
            return "the row was erased, and words were put in its place"
    elif payload_digest(row.salt, row.value, row.rationale, row.shown or ()) != row.payload_digest:
        return "the answer, its reason or the order shown was altered"
    facts = chain_facts(
        study=study_key, sequence=row.sequence, unit=row.unit_key, question=row.question_digest,
        rater=row.rater_key, stage=row.stage, repeat=row.repeat, condition=row.condition,
        code=row.code, confidence=row.confidence, revealed=list(row.revealed or ()),
        replaces=row.replaced, withdrawn=row.withdrawn, seconds=row.seconds, key=row.key,
        payload=row.payload_digest, created_at=row.created_at,
    )  # fmt: skip
    return "" if link(previous, facts) == row.hash else ALTERED
