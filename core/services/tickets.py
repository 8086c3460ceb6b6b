"""A unit in a person's hands: built from an assignment, holding nothing that they may not know."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from core import turns
from core.digest import digest
from core.policies import Arm
from core.questions.base import load
from core.services import material, verdicts
from core.services.access import Identity
from core.services.choosing import draw
from core.services.grading import FEEDBACK
from core.services.masking import masked
from core.services.studies import Study
from core.services.verdicts import Verdict
from core.units import Invalid, Shown, Unit
from storage import items, judgments, studies

REWORDED = "reworded"
SHOWN_STAGES = frozenset({"training", "revised", REWORDED})
LOGGED = {"gold": "first", REWORDED: "first"}


@dataclass(frozen=True, slots=True)
class Given:
    """An answer in the log: its value, and the row (id, sequence) that a correction replaces."""

    value: Any
    row: tuple[int, int]
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a person answered before a question was reworded: the older wording, and the answer."""

    question: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Barred:
    """A question that can't be asked of a unit: what it asks, and what the unit lacks for it."""

    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A unit in a person's hands: what to show, in which order, and what was answered before.

    `unit` shows the outputs in the order drawn for this assignment, without their sources and
    without known answers; `given` holds the answers in
    the log by question name; `draft` what was entered and not submitted; `place` is the number of
    the assignment among the person's own, `total` the number of units in the study, and `most` how
    many assignments the person may come to have: checks, rounds and questionnaires are among them.

    `stage` is `first` for all ordinary work, whatever is mixed into it: a known answer, an
    attention item and a unit asked again look like any other. It is `training` in a round and
    `revised` in a second look, and `reworded` where a question is asked anew in other words;
    `earlier` then holds the person's answers to older wordings of what is still to be answered.
    `verdicts` are what the person may see now of the models' answers; `guidelines` are those of
    their arm, if it has its own; `options` draws the order of options. `barred` are the questions
    of the study that this unit can't be asked; its `questions` are the others. An answer that
    `stays` cannot be changed any more.
    """

    id: int
    study: str
    unit_id: int
    unit: Unit
    rater: int
    rater_key: str
    place: int
    total: int
    stage: str
    repeat: int
    state: str
    given: Mapping[str, Given] = field(default_factory=dict)
    draft: Mapping[str, Any] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    guidelines: str = ""
    options: int | None = None
    version: int = 0
    most: int = 0
    earlier: tuple[Earlier, ...] = ()
    barred: tuple[Barred, ...] = ()
    stays: bool = False

    @property
    def answers(self) -> dict[str, Any]:
        """The answers that stand now, by question name."""
        return {name: g.value for name, g in self.given.items() if not g.withdrawn}

    @property
    def asked(self) -> str:
        """A fingerprint of the wordings that the unit asks."""
        return digest([question.digest for question in self.unit.questions])[:16]


def logged_stage(stage: str) -> str:
    """The stage under which judgments of an assignment's stage are logged."""
    return LOGGED.get(stage, stage)


def logged_repeat(row: Any) -> int:
    """The repeat under which judgments of an assignment are logged.

    0 for one of stage `reworded`: it is the first answer to that wording, however often the words
    changed.
    """
    return 0 if row.stage == REWORDED else int(row.repeat)


def ticket(
    connection: Connection, study: Study, who: Identity, row: Any, total: int | None = None, *,
    fresh: bool = False, hidden: dict[str, Any] | None = None,
) -> Ticket:  # fmt: skip
    """The ticket of an assignment row; `total` is the number of units, when it is known.

    A `fresh` assignment has no earlier answers to look for. `hidden` hears what was masked in each
    output.
    """
    whole = material.read_unit(connection, study, row.unit)
    arm = study.protocol.experiment.arm(row.arm) if row.arm else None
    unit = as_shown(study, whole, row.seed, arm, {} if hidden is None else hidden)
    unit, barred = _askable(unit)
    given = {} if fresh else answers_given(connection, study, unit, row)
    if total is None:
        total = items.last_position(connection, study.id) + 1
    policy = study.protocol.assignment
    return Ticket(
        id=row.id, study=study.key, unit_id=row.unit, unit=unit, rater=row.rater,
        rater_key=f"person:{who.name}", place=row.place, total=max(total, row.place),
        stage=row.stage if row.stage in SHOWN_STAGES else "first", repeat=0, state=row.state,
        given=given, draft=_draft(connection, study, unit, row, given),
        verdicts=verdicts.visible(connection, study, unit, row),
        guidelines=arm.guidelines if arm else "", version=study.version,
        options=draw(study.seed, who.name, "options") if policy.options == "shuffled" else None,
        most=max(_most(connection, study, total), row.place),
        earlier=_earlier(connection, study, unit, row) if row.stage == REWORDED else (),
        barred=barred, stays=verdicts.stands(connection, row),
    )  # fmt: skip


def _askable(unit: Unit) -> tuple[Unit, tuple[Barred, ...]]:
    """The unit with the questions that can be asked of it, and those that cannot, with the reason.

    A question that the unit lacks something for is not asked, whether it is required or not.
    """
    reasons = {question.name: question.barred(unit) for question in unit.questions}
    barred = tuple(Barred(q.title, reasons[q.name]) for q in unit.questions if reasons[q.name])
    if not barred:
        return unit, ()
    asked = tuple(q for q in unit.questions if not reasons[q.name])
    return replace(unit, questions=asked), barred


def _most(connection: Connection, study: Study, total: int) -> int:
    """How many assignments a person may come to have, as far as can be said before.

    The same at every unit: a number that grew when a check comes would tell it from the ordinary
    work. Units asked again and second looks come on top in proportion; a second attempt at a round
    is not foreseen.
    """
    checks, limit = study.protocol.checks, study.protocol.assignment.limit
    if checks.pools or study.protocol.questionnaire.names:
        total += items.apart(connection, study.id)
    total = math.ceil(total / (1 - checks.retest_share))
    total += math.ceil(total * second_looks(study))
    return min(total, limit) if limit else total


def second_looks(study: Study) -> float:
    """The share of a person's units that they are likely to look at again with the verdict."""
    policy = study.protocol.reveal
    if policy.mode != "arms":
        return float(policy.mode == "after")
    return policy.shares.get("after", 0.0) / sum(policy.shares.values())


def as_shown(study: Study, whole: Unit, seed: int, arm: Arm | None, hidden: dict[str, Any]) -> Unit:
    """The unit as a rater sees it in an arm: blind, in the order drawn, without what tells tales.

    `hidden` is filled with what was masked: output key -> [start, end, text] of each name.
    """
    unit = whole.shuffled(seed).blind()
    if study.protocol.checks.pools:
        telling = {study.protocol.checks.by, FEEDBACK}
        meta = {k: v for k, v in unit.meta.items() if k not in telling}
        unit = replace(unit, meta=meta)
    if arm is not None:
        unit = _in_arm(unit, arm)
    if study.protocol.reveal.mask:
        sources = {output.source for output in (*whole.outputs, *whole.context)}
        unit = _masked(unit, sources, hidden)
    return unit


def _masked(unit: Unit, sources: set[str], hidden: dict[str, Any]) -> Unit:
    shown: list[list[Shown]] = []
    for outputs in (unit.outputs, unit.context):
        shown.append([])
        for output in outputs:
            clean, found = masked(output, sources)
            shown[-1].append(clean)
            if found:
                hidden[output.key] = [[m.start, m.end, m.text] for m in found]
    return replace(unit, outputs=tuple(shown[0]), context=tuple(shown[1]))


def _in_arm(unit: Unit, arm: Arm) -> Unit:
    left = dict(arm.outputs)
    shown = []
    for output in unit.outputs:
        if output.role in left:
            if left[output.role] <= 0:
                continue
            left[output.role] -= 1
        shown.append(output)
    return replace(
        unit, outputs=tuple(shown),
        fields={name: c for name, c in unit.fields.items() if name not in arm.hide},
        questions=tuple(q for q in unit.questions if q.name not in arm.skip),
    )  # fmt: skip


def _earlier(connection: Connection, study: Study, unit: Unit, row: Any) -> tuple[Earlier, ...]:
    """The person's newest answers to older wordings, of questions that have none to the present.

    An answer that cannot be said of this unit (to a response that is not shown) is left out.
    """
    latest = {
        question: old
        for question, old in judgments.latest(
            connection, row.unit, row.rater, logged_stage(row.stage), logged_repeat(row)
        ).items()
        if not old.withdrawn
    }
    asked = {q.name: study.wording(q) for q in unit.questions}
    worded = studies.definitions(connection, [i for i in latest if i not in asked.values()])
    newest = {worded[i].name: i for i in latest if i in worded}  # by sequence: the last one stays
    found = []
    for name, now in asked.items():
        if name not in newest or now in latest:
            continue
        then = load(worded[newest[name]].definition)
        try:
            words = then.describe(judgments.parse(latest[newest[name]].value), unit)
        except (Invalid, LookupError, ValueError):
            continue
        found.append(Earlier(name, then.title, words))
    return tuple(found)


def _draft(
    connection: Connection, study: Study, unit: Unit, row: Any, given: Mapping[str, Given]
) -> dict[str, Any]:
    """A stored draft by question name, without answers to other wordings, and to settled questions.

    The second look after a reveal begins with the person's own first answers.
    """
    kept = row.draft
    if kept is None and row.stage == "revised" and row.repeat == 0 and row.state == "reserved":
        first = answers_given(connection, study, unit, row, stage="first")
        return {name: g.value for name, g in first.items() if not g.withdrawn}
    stands = {name for name, answer in given.items() if not answer.withdrawn}
    return {
        q.name: kept[q.digest] for q in unit.questions
        if kept and q.digest in kept and not turns.settled(q, unit.questions, stands)
    }  # fmt: skip


def answers_given(
    connection: Connection, study: Study, unit: Unit, row: Any, stage: str = ""
) -> dict[str, Given]:
    """A person's newest answers to the present wordings of a unit's questions, by name."""
    stage = stage or logged_stage(row.stage)
    latest = judgments.latest(connection, row.unit, row.rater, stage, logged_repeat(row))
    found = {}
    for question in unit.questions:
        old = latest.get(study.wording(question))
        if old is not None:
            value = judgments.parse(old.value)
            found[question.name] = Given(value, (old.id, old.sequence), bool(old.withdrawn))
    return found
