"""A person's own work in a study: what they were given, what they answered, what is left open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from core.services import material, studies
from core.services.access import Identity, require
from core.services.studies import Study
from core.services.tickets import as_shown
from storage import history, judgments
from storage import studies as study_rows
from storage.database import Database

Status = Literal["pending", "draft", "submitted", "skipped"]
STATUSES: tuple[Status, ...] = ("pending", "draft", "submitted", "skipped")
PIECE, EXCERPT = 200, 140
LAST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit that the person was given: its number among their own, and what became of it.

    `excerpt` begins what was shown; `answers` are the answers that stand, in words by question
    title; `at` is when it was closed or reserved, microseconds since 1970 UTC.
    """

    place: int
    unit_id: int
    unit: str
    status: Status
    excerpt: str
    answers: Mapping[str, str]
    at: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, newest first; `before` reads on, None at the end."""

    entries: Sequence[Entry]
    before: int | None


def mine(
    db: Database, who: Identity, key: str, *, status: str = "", text: str = "",
    before: int = LAST, count: int = 25,
) -> Page:  # fmt: skip
    """The person's own units, newest first, reading on from the place `before`.

    `status` keeps those of one status, `text` those in which it was shown or answered, whatever its
    capitals.
    """
    require(who, "annotate")
    wanted = text.strip().casefold()
    found: list[Entry] = []
    with db.read() as connection:
        study = studies.load(db, key, connection)
        rater = study_rows.rater_key(connection, study.id, "person", who.name)
        if rater is None:
            return Page((), None)
        for entry, words in _entries(connection, study, rater, before):
            if status in ("", entry.status) and wanted in words:
                found.append(entry)
            if len(found) > count:
                return Page(found[:count], found[count - 1].place)
    return Page(found, None)


def counts(db: Database, who: Identity, key: str) -> dict[Status, int]:
    """How many of the person's own units have each status."""
    require(who, "annotate")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        rater = study_rows.rater_key(connection, study.id, "person", who.name)
        found = dict.fromkeys(STATUSES, 0)
        if rater is not None:
            for row in history.states(connection, rater):
                found[_status(row.state, row.drafted)] += row.n
        return found


def _entries(
    connection: Connection, study: Study, rater: int, before: int
) -> Iterator[tuple[Entry, str]]:
    """Entries with all the words that a search looks through."""
    while True:
        rows = history.own(connection, rater, before, PIECE)
        units = dict(material.some_units(connection, study, {row.unit for row in rows}))
        given = history.answers(connection, rater, [row.unit for row in rows])
        for row in rows:
            arm = study.protocol.experiment.arm(row.arm)
            unit = as_shown(study, units[row.unit], row.seed, arm, {})
            shown = [content.text() for content in unit.fields.values()]
            shown += [output.content.text() for output in unit.outputs]
            answers = _answers(study, unit, row.id, given)
            entry = Entry(
                row.place, row.unit, row.key, _status(row.state, bool(row.draft)),
                _excerpt(shown), answers, row.closed_at or row.created_at,
            )  # fmt: skip
            yield entry, "\n".join([*shown, *answers.values()]).casefold()
        if len(rows) < PIECE:
            return
        before = rows[-1].place


def _answers(study: Study, unit: Any, assignment: int, given: Mapping[Any, Any]) -> dict[str, str]:
    found = {}
    for question in unit.questions:
        row = given.get((assignment, study.wording(question)))
        if row is not None and not row.withdrawn:
            found[question.title] = question.describe(judgments.parse(row.value), unit)
    return found


def _status(state: str, drafted: bool) -> Status:
    if state == "reserved":
        return "draft" if drafted else "pending"
    return "skipped" if state == "skipped" else "submitted"


def _excerpt(shown: Sequence[str]) -> str:
    words = " ".join(" ".join(shown[:1]).split())
    return words if len(words) <= EXCERPT else words[: EXCERPT - 1].rstrip() + "…"
