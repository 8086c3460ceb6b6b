"""The values that parts hand to each other."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.content.base import Content
    from core.questions.base import Question

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Invalid(ValueError):
    """A value that its question does not accept: `field` says where, the message what to do."""

    exit_code = 2

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def own_gold(gold: Mapping[str, Any], outputs: Sequence[str]) -> dict[str, Any]:
    """An item's known answers that concern the unit with these outputs, by question name.

    Gold may name one output: `correctness/first` is the answer about the output `first`, and counts
    for the unit that shows that output alone.
    """
    found = {}
    for name, value in gold.items():
        question, _, output = str(name).partition("/")
        if not output or list(outputs) == [output]:
            found[question] = value
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """One output of an item as a unit shows it. `source` is who made it, hidden while judging.

    `parent` is the key of the output that this one is about: of a critique, the answer. `facts` are
    what else is known of it, hidden as well.
    """

    key: str
    content: "Content"
    role: str = "answer"
    source: str = ""
    parent: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vote:
    """A stored judgment as a panel reads it: who (name and digest), of which question, what."""

    rater: str
    digest: str
    question: str
    value: Any
    repeat: int = 0
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """What one screen or one prompt shows.

    `outputs` is in the order shown; `order` holds the same keys in the study's own order, by which
    answers are coded, so that showing them differently changes no number. `context` are outputs
    that those hang on and that are shown with them, not judged: the answer that a critique is
    about. `meta` are facts about the item; `gold` holds a known answer per question name, and is
    never shown to a rater. `votes` are what others have answered, given to panels only. `beside`
    are other outputs of the item, given to workers that ask for their role: those that people
    edited, as they edited them, come first, then the newest. `drawn` are texts of items drawn from
    the study, and `settled` the facts beside the first output that the worker wrote there, given to
    workers that survey the study. `together` are the units that its worker judges in one request
    with it, itself among them, in the order of the request; empty where it is asked alone.
    """

    key: str
    item: str
    fields: Mapping[str, "Content"]
    outputs: tuple[Shown, ...] = ()
    order: tuple[str, ...] = ()
    questions: tuple["Question", ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    gold: Mapping[str, Any] = field(default_factory=dict)
    condition: str = ""
    votes: tuple[Vote, ...] = ()
    context: tuple[Shown, ...] = ()
    beside: tuple[Shown, ...] = ()
    drawn: tuple[str, ...] = ()
    settled: Mapping[str, Any] = field(default_factory=dict)
    together: tuple["Unit", ...] = ()

    def of_role(self, *roles: str) -> tuple[Shown, ...]:
        """The outputs of these roles, in the order shown."""
        return tuple(output for output in self.outputs if output.role in roles)

    def shuffled(self, seed: int) -> "Unit":
        """The same unit with its outputs in the order that the seed gives."""
        outputs = list(self.outputs)
        random.Random(seed).shuffle(outputs)  # noqa: S311
        return replace(self, outputs=tuple(outputs))

    def reversed(self) -> "Unit":
        """The same unit with its outputs in the opposite order."""
        return replace(self, outputs=self.outputs[::-1])

    def blind(self) -> "Unit":
        """The same unit as a rater may see it: without known answers and without sources."""
        outputs = tuple(replace(output, source="", facts={}) for output in self.outputs)
        context = tuple(replace(output, source="", facts={}) for output in self.context)
        return replace(self, outputs=outputs, context=context, gold={})

    @property
    def shown(self) -> tuple[str, ...]:
        """Output keys in the order displayed."""
        return tuple(output.key for output in self.outputs)

    def letter(self, key: str) -> str:
        """The letter under which an output is displayed: A for the first."""
        return LETTERS[self.shown.index(key)]

    def at(self, letter: str) -> str:
        """The key of the output displayed under a letter; raises `Invalid` for an unknown one."""
        place = LETTERS.find(letter.strip().upper()) if len(letter.strip()) == 1 else -1
        if not 0 <= place < len(self.outputs):
            raise Invalid("choice", f"{letter!r} names no response that was shown")
        return self.outputs[place].key

    def own_gold(self) -> dict[str, Any]:
        """The known answers that concern this unit, by question name."""
        return own_gold(self.gold, self.order)

    def only(self, meta: Mapping[str, Any]) -> bool:
        """Whether the item's facts match: each named fact must have one of the listed values."""
        return all(str(self.meta.get(name)) in values for name, values in meta.items())


@dataclass(frozen=True, slots=True)
class Draft:
    """What a worker hands back: a judgment (`question`, `value`) or an output (`role`, `content`).

    `shown` is the order in which outputs were displayed; `repeat` numbers samples and presentation
    orders. A reply that failed its check is never a draft. Of an output, `parent` is the key of the
    output that it is about, or the `key` of an earlier draft in the same list; `key` tells the
    outputs of one task apart ('' for a single one), `source` who made it when that is not the
    worker's own model, and `facts` what else is known of it (scores, tokens, settings).
    """

    question: str = ""
    value: Any = None
    rationale: str = ""
    confidence: float | None = None
    repeat: int = 0
    shown: tuple[str, ...] = ()
    call: int | None = None
    role: str = ""
    content: "Content | None" = None
    parent: str = ""
    key: str = ""
    source: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
