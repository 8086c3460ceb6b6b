"""What every kind of question is."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.digest import Identified, canonical, digest
from core.questions.grades import Grade
from core.registry import Registry
from core.ui import Recorder, Ui
from core.units import Invalid, Unit

if TYPE_CHECKING:
    from core.content.base import Content

Level = Literal["nominal", "ordinal", "interval", "none"]
About = Literal["item", "output", "pair", "set", "critique", "probe set", "participant"]
Entry = Literal["press", "presses", "typing"]


class Scale(BaseModel):
    """How answers compare: a level of measurement and the label of each code, in schema order.

    `level` "none" means that answers have no codes (free text).
    """

    model_config = ConfigDict(frozen=True)
    level: Level
    labels: tuple[str, ...] = ()


TENTHS = Scale(level="interval", labels=tuple(f"{10 * n} %" for n in range(11)))
PLACE = " @ "


def tenth(share: float) -> int:
    """The code of a share of 0 to 1 in `TENTHS`: the nearest tenth."""
    return min(10, max(0, int(share * 10 + 0.5)))


def schema_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object that has these properties and no others."""
    return {
        "type": "object", "properties": dict(properties), "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip


class Question(Identified):
    """A question kind: a frozen, self-describing definition.

    Subclasses set `kind` and implement the faces below. Values are plain JSON and name outputs by
    key, never by place; `codes` turns a value into small integers for statistics.

    `name` is what answers are called in results; `title` is what is asked; `help` explains it.
    `about` says what the question is about. A `required` one must be answered before the next unit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ClassVar[str]

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    title: str = Field(min_length=1, max_length=500)
    help: str = ""
    about: About = "item"
    required: bool = True
    only: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="ask only where the item's facts have one of these values"
    )
    roles: tuple[str, ...] = Field(
        default=(), description="ask only where outputs of one of these roles are judged"
    )

    turn: int = Field(
        default=0,
        ge=0,
        le=9,
        description="asked after those of earlier turns, which then stay",
    )

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        """Show the question to a person; returns the present answer or None."""
        raise NotImplementedError

    def instruct(self, unit: Unit) -> str:
        """The question in words for a model: title, help, what each answer means."""
        raise NotImplementedError

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        """JSON schema of a model's reply to this question, in terms of what is shown."""
        raise NotImplementedError

    def read(self, reply: Any, unit: Unit) -> Any:
        """A model's reply (valid under `reply_schema`) as a value; raises `Invalid`."""
        return self.check(reply, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        """A value as a model would reply it: the reverse of `read`."""
        return value

    def check(self, value: Any, unit: Unit) -> Any:
        """The value in its one canonical form; raises `Invalid` when it is none."""
        raise NotImplementedError

    def cell(self, raw: Any, unit: Unit) -> Any:
        """The value that a cell of a file stands for; raises `Invalid`. `plain` is the reverse."""
        return self.check(raw, unit)

    def parsed(self, raw: Any) -> Any:
        """The JSON in a text; other things as they are. Raises `Invalid` for other texts."""
        if not isinstance(raw, str):
            return raw
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise self.refuse(f"expected JSON, such as {self.form()}") from None

    def form(self) -> str:
        """What a value looks like, for messages."""
        return "{...}"

    def plain(self, value: Any) -> Any:
        """The value as one cell of a table: a text or a number."""
        return value if isinstance(value, str | int | float) else canonical(value)

    def scale(self, unit: Unit | None = None) -> Scale:
        """Level and labels of the codes."""
        raise NotImplementedError

    def slots(self) -> Mapping[str, Scale]:
        """Level and labels of each part of an answer that is coded by itself, by its name.

        The answer as a whole is no slot; its scale is `scale()`.
        """
        return {}

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        """The value as integers per slot; slot '' is the answer itself. Empty for free text.

        A slot that a unit has several times, once at each place (a segment), has the place behind
        it, after `PLACE`; `slot_of` takes the two apart.
        """
        raise NotImplementedError

    def reads_contents(self) -> bool:
        """Whether `codes` must see the contents of the unit, not only the keys of its outputs."""
        return False

    def slot_of(self, code: str) -> tuple[str, str]:
        """The slot that a code belongs to, and the place within the unit ('' without places)."""
        if not code or code in self.slots():
            return code, ""
        slot, _, place = code.rpartition(PLACE)
        return slot, place

    def material(self, unit: Unit) -> Sequence[tuple[str, "Content"]]:
        """What a model must see besides the unit's own contents, by title; it is fenced too."""
        return ()

    def describe(self, value: Any, unit: Unit) -> str:
        """The value as a person would say it."""
        raise NotImplementedError

    def source(self) -> str:
        """The role of the outputs whose text an answer may change; '' for none."""
        return ""

    def rewritten(self, value: Any) -> str | None:
        """That text as an answer gives it; None where it stays as it is."""
        return None

    def argilla(self) -> dict[str, Any]:
        """The nearest Argilla question: its type and settings."""
        raise NotImplementedError

    def example(self, unit: Unit) -> Any:
        """A valid value, for previews and contract tests."""
        raise NotImplementedError

    @classmethod
    def sample(cls) -> "Question":
        """A question of this kind, for previews and contract tests."""
        return cls(name="example", title="An example")

    def distance(self, a: Any, b: Any) -> float:
        """How far two values are apart; 0 when equal. Kinds with an order refine it."""
        return float(a != b)

    def by_distance(self) -> bool:
        """Whether whole answers are compared by their distance, 0 to 1: no code says it all."""
        return type(self).distance is not Question.distance and self.entry() != "press"

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """How much of an answer is right by the known one; both in canonical form.

        All or nothing here. Kinds whose answers have parts say how many are right, by a measure of
        their own, and what differs.
        """
        return Grade(float(self.distance(value, known) == 0))

    def partly(self) -> bool:
        """Whether an answer can be right in part, which its code alone does not tell."""
        return type(self).grade is not Question.grade

    def entry(self) -> Entry:
        """How a person answers: one press is the whole answer, several presses, or typing."""
        return "typing" if self.scale().level == "none" else "press"

    def waiting(self, unit: Unit, draft: Any) -> str:
        """The name of the block that the digits press now; '' when none waits for them."""
        return self.name if draft is None and self.entry() != "typing" else ""

    def applies(self, unit: Unit) -> bool:
        """Whether the question is asked of this unit."""
        return unit.only(self.only) and (not self.roles or bool(unit.of_role(*self.roles)))

    def barred(self, unit: Unit) -> str:
        """Why this can't be asked of the unit, which lacks what it is about; '' where it can be."""
        try:
            self.ask(Recorder(), unit)
        except Invalid as error:
            return error.message
        return ""

    def definition(self) -> dict[str, Any]:
        """The question as plain data, as a protocol file writes it."""
        return {"kind": self.kind, **self.model_dump(mode="json", exclude_defaults=True)}

    @cached_property
    def digest(self) -> str:
        """Identity of this wording: SHA-256 of its definition.

        Settings left at their default do not enter, so that a kind may gain a setting and stored
        wordings stay what they are; a default, once given out, never changes.
        """
        return digest(self.definition())

    def heading(self) -> str:
        """Title and help, as a model reads them."""
        return f"{self.title}\n{self.help}".strip()

    def lettered(self, letter: str, unit: Unit) -> str:
        """The key of the output shown under a letter; raises `Invalid` that names this question."""
        try:
            return unit.at(letter)
        except Invalid as error:
            raise self.refuse(error.message) from None

    def refuse(self, message: str) -> Invalid:
        """An error that names this question."""
        return Invalid(self.name, message)


class Parted(Question):
    """A question whose answer has parts, each drawn as a block and named by its path.

    The value is a mapping with the parts at the same paths, so that an unfinished answer is one
    with parts left out. A cell of a table holds it as JSON.
    """

    def entry(self) -> Entry:
        return "presses"

    def cell(self, raw: Any, unit: Unit) -> Any:
        return self.check(self.parsed(raw), unit)

    def held(self, found: Mapping[str, Any], unit: Unit) -> Any:
        """What a person has answered so far: the value once it is one; None without any part."""
        try:
            return self.check(found, unit)
        except Invalid:
            return dict(found) or None


questions: Registry[type[Question]] = Registry("core.questions")


def load(spec: Mapping[str, Any]) -> Question:
    """The question that plain data describes; raises `UnknownPart` or pydantic's error."""
    options = {k: v for k, v in spec.items() if k != "kind"}
    return questions[str(spec.get("kind", ""))](**options)
