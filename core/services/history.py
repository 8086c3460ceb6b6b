"""A person's own work in a study: what they were given, what they answered, what is left open."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from core.questions.base import Question, load
from core.services import material, studies
from core.services.access import Identity, require
from core.services.studies import Study
from core.services.tickets import SHOWN_STAGES, as_shown
from core.units import Invalid, Unit
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

    `excerpt` begins what was shown; `answers` are the answers that stand, each as the question's
    title and the answer in words: of a draft what was entered as well, and of a question that was
    reworded the answer to the older words where there is no other; `at` is when it was closed or
    reserved, microseconds since 1970 UTC. `stage` is as on a ticket: what is mixed
    into the ordinary work looks like it.
    """

    place: int
    unit_id: int
    unit: str
    status: Status
    excerpt: str
    answers: tuple[tuple[str, str], ...]
    at: int
    stage: str = "first"


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, newest first; `before` reads on, None at the end."""

    entries: Sequence[Entry]
    before: int | None


def mine(
    db: Database, who: Identity, key: str, *, status: str = "", text: str = "",
    before: int = LAST, count: int = 25, said: Callable[[str], str] = str,
) -> Page:  # fmt: skip
    """The person's own units, newest first, reading on from the place `before`.

    `status` keeps those of one status, `text` those in which it was shown or answered, whatever its
    capitals. `said` puts the words of an answer into the person's language.
    """
    require(who, "annotate")
    wanted = text.strip().casefold()
    found: list[Entry] = []
    with db.read() as connection:
        study = studies.load(db, key, connection)
        rater = study_rows.rater_key(connection, study.id, "person", who.name)
        if rater is None:
            return Page((), None)
        for entry, words in _entries(connection, study, rater, before, said):
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
    connection: Connection, study: Study, rater: int, before: int, said: Callable[[str], str]
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
            own = {wording: g for (at, wording), g in given.items() if at == row.id}
            answers = tuple((t, said(w)) for t, w in _answers(connection, study, unit, row, own))
            entry = Entry(
                row.place, row.unit, row.key, _status(row.state, bool(row.draft)),
                _excerpt(shown), answers, row.closed_at or row.created_at,
                row.stage if row.stage in SHOWN_STAGES else "first",
            )  # fmt: skip
            yield entry, "\n".join([*shown, *(words for _, words in answers)]).casefold()
        if len(rows) < PIECE:
            return
        before = rows[-1].place


def _answers(
    connection: Connection, study: Study, unit: Unit, row: Any, given: Mapping[int, Any]
) -> Iterator[tuple[str, str]]:
    """Title and words of each answer of an assignment; `given` are its newest rows by wording."""
    present = {question.name: study.wording(question) for question in unit.questions}
    worded = study_rows.definitions(connection, [w for w in given if w not in present.values()])
    older = {worded[w].name: w for w in given if w in worded and not given[w].withdrawn}
    draft = row.draft if row.state == "reserved" and row.draft else {}
    for question in unit.questions:
        wording = present[question.name]
        asked, known = question, given.get(wording)
        if known is None and question.name in older:
            wording = older[question.name]
            asked, known = load(worded[wording].definition), given[wording]
        words = ""
        if question.digest in draft:
            words = _said(question, draft[question.digest], unit)
        elif known is not None and not known.withdrawn:
            words = _said(asked, judgments.parse(known.value), unit)
        if words:
            yield asked.title, words


def _said(question: Question, value: Any, unit: Unit) -> str:
    """A value in words; '' for what is unfinished, or speaks of what the unit does not show."""
    try:
        return question.describe(question.check(value, unit), unit)
    except (Invalid, LookupError, ValueError):
        return ""


def _status(state: str, drafted: bool) -> Status:
    if state == "reserved":
        return "draft" if drafted else "pending"
    return "skipped" if state == "skipped" else "submitted"


def _excerpt(shown: Sequence[str]) -> str:
    words = " ".join(" ".join(shown[:1]).split())
    return words if len(words) <= EXCERPT else words[: EXCERPT - 1].rstrip() + "…"
