"""Reviewing disagreements: what was answered, why it differs, and what holds in the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.questions.base import Question
from core.questions.changes import Changes
from core.services import details, material, studies
from core.services.access import Identity, require
from core.services.assignment import rater_id
from core.services.cases import causes_of
from core.services.grading import known_answer
from core.services.studies import Refused
from core.services.tables import follower
from core.units import Invalid, Unit
from storage import judgments, reviews
from storage import studies as study_rows
from storage.database import Database
from storage.judgments import Conflict, NewJudgment

STAGE = "adjudicated"
CAUSES: Mapping[str, str] = {
    "rubric gap": "the guidelines do not say what to do here",
    "slip": "somebody made a mistake they would see themselves",
    "judge error": "the model or rule misread the case",
    "bad item": "the item is broken, unclear or cannot be judged",
    "legitimate plurality": "careful people may rightly answer differently",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One rater's answer, in words as well. `shown` gives the order displayed as letters.

    `told` is what the rater told beside it, such as an expected score; `quotes` are instructions of
    the material that its reasoning quotes.
    """

    rater: str
    kind: str
    simulated: bool
    value: Any
    words: str
    rationale: str
    shown: str
    stage: str
    repeat: int
    confidence: float | None
    seconds: float | None
    created_at: int
    sequence: int
    told: str = ""
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detail:
    """A case in full: what was judged, each answer, gold in words, the causes given so far.

    `waiting` people were asked again and have not answered yet.
    """

    unit_id: int
    unit: Unit
    question: Question
    answers: Sequence[Answer]
    adjudicated: Answer | None
    gold: str
    causes: Sequence[Mapping[str, Any]]
    waiting: int = 0

    @property
    def cause(self) -> str:
        """The cause that counts: the latest given."""
        return str(self.causes[-1]["cause"]) if self.causes else ""


def detail(db: Database, who: Identity, key: str, question: str, unit_id: int) -> Detail:
    """One case in full; the outputs stand in the study's own order, which the letters follow."""
    require(who, "review")
    study = studies.load(db, key)
    asked = study.protocol.question(question)
    with db.read() as connection:
        unit = material.read_unit(connection, study, unit_id)
        rows = reviews.answers(connection, unit_id, study.wording(asked))
        events = reviews.causes_of(connection, study.id, unit_id)
        waiting = sum(one.state == "reserved" for one in reviews.looks(connection, unit_id))
        facts = details.of_judgments(connection, [row.id for row in rows if row.kind != "person"])
    answers = [_answer(row, asked, unit, facts.get(row.id, {})) for row in rows]
    held = [a for a in answers if a.stage == STAGE]
    gold = unit.gold.get(question)
    return Detail(
        unit_id, unit, asked, [a for a in answers if a.stage != STAGE],
        held[-1] if held else None, "" if gold is None else asked.describe(gold, unit),
        [
            {**row.data, "by": row.actor, "at": row.created_at}
            for row in events if row.data["question"] == question
        ],
        waiting,
    )  # fmt: skip


def _answer(row: Any, question: Question, unit: Unit, facts: Mapping[str, Any]) -> Answer:
    value = judgments.parse(row.value)
    letters = [unit.letter(key) for key in row.shown or () if key in unit.shown]
    return Answer(
        row.name, row.kind, bool((row.spec or {}).get("simulated")), value,
        question.describe(value, unit), row.rationale, ", ".join(letters), row.stage, row.repeat,
        row.confidence, row.seconds, row.created_at, row.sequence, details.words(facts),
        tuple(facts.get("quoted", ())),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One part that not everybody left alike: what it is called, and what stood there before.

    `put` says what each answer of the case (in their order) puts there, in words; None where it
    leaves the part, or where the answer is of another kind. `known` is what the study's key puts.
    """

    part: str
    name: str
    before: str
    put: Sequence[str | None]
    known: str | None = None


def sides(seen: Detail) -> list[Side]:
    """The parts that the answers of a case change in different ways, in the order of the content.

    Empty for questions that ask for no changes, and for units without their contents.
    """
    asked, unit = seen.question, seen.unit
    if not isinstance(asked, Changes):
        return []
    try:
        names, before = asked.parts(unit), asked.before(unit)
    except Invalid:
        return []
    forms = [asked.put(answer.value) for answer in seen.answers]
    words = [asked.put_words(answer.value, unit) for answer in seen.answers]
    known = known_answer(asked, unit)
    key = {} if known is None else asked.put_words(known, unit)
    return [
        Side(part, name, before[part], [said.get(part) for said in words], key.get(part))
        for part, name in names.items() if len({form.get(part) for form in forms}) > 1
    ]  # fmt: skip


def give_cause(
    db: Database, who: Identity, key: str, question: str, unit_id: int, cause: str, note: str = "",
) -> None:  # fmt: skip
    """Say why raters differ here: one of `CAUSES`, or '' to take the last one back.

    Earlier causes stay in the record; the latest counts. Raises `Invalid` for another word.
    """
    require(who, "review")
    if cause and cause not in CAUSES:
        raise Invalid("cause", f"expected one of: {', '.join(CAUSES)}")
    study = studies.load(db, key)
    data = {"question": study.protocol.question(question).name, "cause": cause,
            "note": note.strip()[:2000]}  # fmt: skip
    with db.write() as connection:
        study_rows.record(connection, study.id, "cause", who.name, data, unit=unit_id)


def causes(db: Database, who: Identity, key: str, question: str = "") -> dict[str, int]:
    """How many cases have each cause, every cause named; of one question, or of all."""
    require(who, "review")
    study = studies.load(db, key)
    with db.read() as connection:
        live = follower(db, study)
        with live.lock:
            given = causes_of(db, connection, study).given.copy()
    names = [question] if question else sorted({name for name, _ in given})
    return {cause: sum(given[name, cause] for name in names) for cause in CAUSES}


def adjudicate(
    db: Database, who: Identity, key: str, seen: Detail, value: Any, note: str = ""
) -> int:
    """Store the answer that holds; returns its place in the log.

    The newest answer of anybody counts; None takes the person's own back, and the same again stores
    nothing. Raises `Invalid` for a wrong value, `Refused` when there is nothing to take back, and
    `Conflict` when somebody decided meanwhile.
    """
    require(who, "review")
    rater = rater_id(db, studies.load(db, key), who)
    checked = None if value is None else seen.question.check(value, seen.unit)
    with db.write() as connection:
        study = studies.load(db, key, connection, lock=True)
        wording = study.wordings.get(seen.question.digest)
        if wording is None:
            raise Conflict("The question was changed meanwhile; open the case again.")
        held = [r for r in reviews.answers(connection, seen.unit_id, wording) if r.stage == STAGE]
        newest = held[-1].sequence if held else None
        if newest != (seen.adjudicated.sequence if seen.adjudicated else None):
            raise Conflict("Somebody decided this case meanwhile; look at it again, then decide.")
        old = reviews.decided(connection, seen.unit_id, wording, rater)
        standing = old if old and not old.withdrawn else None
        if value is None and standing is None:
            raise Refused("you have decided nothing here that could be taken back")
        if standing and old.sequence == newest and _same(standing, checked, note):
            return int(standing.sequence)
        row = _decision(seen, wording, (rater, who.name), checked, note, old)
        return judgments.append(connection, study.id, [row])[0].sequence


def _same(row: Any, value: Any, note: str) -> bool:
    return bool(row.value == judgments.canonical(value) and row.rationale == note.strip())


def _decision(
    seen: Detail, wording: int, rater: tuple[int, str], value: Any, note: str, old: Any
) -> NewJudgment:
    question = seen.question
    return NewJudgment(
        unit=seen.unit_id, unit_key=seen.unit.key, question=wording,
        question_digest=question.digest, rater=rater[0], rater_key=f"person:{rater[1]}",
        value=value, stage=STAGE, rationale=note.strip(), shown=seen.unit.shown,
        code=None if value is None else question.codes(value, seen.unit).get(""),
        replaces=(old.id, old.sequence) if old else None, withdrawn=value is None,
    )  # fmt: skip
