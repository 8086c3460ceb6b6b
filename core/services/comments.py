"""What annotators and researchers write to each other about units."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.services import material, studies
from core.services.access import Identity, require
from core.services.assignment import Ticket, own_row
from core.services.studies import Refused
from core.telling import Told
from core.units import Invalid, Unit
from storage import messages
from storage import studies as study_rows
from storage.database import Database

LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Message:
    """One message: by whom, what, when (microseconds since 1970 UTC)."""

    by: str
    text: str
    at: int
    own: bool


@dataclass(slots=True)
class Thread:
    """A comment or a flag about a unit, and what was replied. `rater` is who began it.

    `place` is the number of the unit among that person's own; `waits` says whether the last word is
    somebody else's, so that the reader has something to read.
    """

    id: int
    kind: str
    rater: str
    unit_id: int
    unit: str
    place: int | None
    messages: list[Message] = field(default_factory=list)
    resolved: bool = False

    @property
    def waits(self) -> bool:
        """Whether the newest message is not the reader's own and nobody closed the thread."""
        return not self.resolved and bool(self.messages) and not self.messages[-1].own


def comment(db: Database, who: Identity, held: Ticket, text: str) -> int:
    """Write to the researcher about the unit in hand; returns the thread's number."""
    require(who, "annotate")
    words = _words(text)
    with db.write() as connection:
        study = studies.load(db, held.study, connection)
        own_row(db, connection, study, who, held)
        return study_rows.record(
            connection, study.id, "comment", who.name, {"text": words},
            unit=held.unit_id, rater=held.rater,
        )  # fmt: skip


def reply(db: Database, who: Identity, key: str, thread: int, text: str) -> None:
    """Answer in a thread: one's own, or any of the study's for who may review.

    A reply opens a thread again that was closed. Raises `Refused` for a thread that is not there or
    is somebody else's.
    """
    _write(db, who, key, thread, "reply", {"text": _words(text)})


def resolve(db: Database, who: Identity, key: str, thread: int) -> None:
    """Close a thread; a later reply opens it again."""
    _write(db, who, key, thread, "resolved", {})


def threads(db: Database, who: Identity, key: str, *, own_only: bool = False) -> list[Thread]:
    """The threads of a study, newest first: all for who may review, otherwise one's own."""
    require(who, "annotate")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        every = who.may("review") and not own_only
        own = study_rows.rater_key(connection, study.id, "person", who.name)
        if own is None and not every:
            return []
        found: dict[int, Thread] = {}
        names = {r.id: r.name for r in study_rows.raters(connection, study.id)}
        for row in messages.written(connection, study.id, None if every else own):
            if row.kind in messages.OPENING:
                place = messages.place(connection, row.rater, row.unit)
                found[row.id] = Thread(
                    row.id, row.kind, names.get(row.rater, ""), row.unit, row.unit_key, place
                )
                text = row.data.get("text") or row.data.get("note") or "Flagged without a note."
                _add(found[row.id], row, who, text)
            elif row.data.get("of") in found:
                thread = found[row.data["of"]]
                thread.resolved = row.kind == "resolved"
                if row.kind == "reply":
                    _add(thread, row, who, row.data["text"])
    return sorted(found.values(), key=lambda t: -t.id)


def about(db: Database, who: Identity, key: str, found: Thread) -> Unit:
    """The unit that a thread is about, as its writer may see it; for who may review."""
    require(who, "review")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        return material.read_unit(connection, study, found.unit_id).blind()


def waiting(found: Sequence[Thread]) -> int:
    """How many threads have something new for the reader."""
    return sum(thread.waits for thread in found)


def _add(thread: Thread, row: object, who: Identity, text: str) -> None:
    actor, at = row.actor, row.created_at  # type: ignore[attr-defined]
    thread.messages.append(Message(actor, text, at, actor == who.name))


def _write(
    db: Database, who: Identity, key: str, thread: int, kind: str, data: dict[str, str]
) -> None:
    require(who, "annotate")
    with db.write() as connection:
        study = studies.load(db, key, connection)
        opened = messages.opened(connection, study.id, thread)
        if opened is None or (opened.actor != who.name and not who.may("review")):
            raise Refused(Told("there is no such thread of yours in this study"))
        study_rows.record(
            connection, study.id, kind, who.name, {**data, "of": thread}, unit=opened.unit,
            rater=opened.rater,
        )  # fmt: skip


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise Invalid("comment", Told("write what you want to say"))
    if len(words) > LONGEST:
        many = Told("at most {most} characters; this has {n}", most=LONGEST, n=len(words))
        raise Invalid("comment", many)
    if "\x00" in words or any(0xD800 <= ord(c) <= 0xDFFF for c in words):
        raise Invalid("comment", Told("the text holds a character that cannot be stored"))
    return words
