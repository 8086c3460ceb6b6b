"""The same questions about each part of a content: turns, steps, sentences, rows."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, model_validator

from core.answers import path
from core.content.base import Content, Segment
from core.content.text import TextContent
from core.explaining import Misplaced
from core.places import parts_of
from core.questions.base import PLACE, Entry, Parted, Question, Scale, load, questions, schema_of
from core.questions.grades import Grade
from core.questions.inner import by_part, loaded, mapping
from core.telling import Told, beside, several
from core.ui import Ui
from core.units import Invalid, Unit

LONGEST_SHOWN = 600


@questions.register
class Segments(Parted):
    """Asks `questions` of each segment that a content gives: a field, or the outputs of a role.

    The value is `{"answers": {segment: {question: value}}}`. Each inner question is a slot, coded
    at every segment; the answer as a whole has no code.
    """

    kind = "segments"
    needs_inner: ClassVar[bool] = True
    of: str = Field(default="", description="a field, or a role of outputs; empty: all outputs")
    questions: tuple[Mapping[str, Any], ...] = Field(
        default=(), description="what is asked of each segment", json_schema_extra={"parts": True}
    )
    noun: str = Field(default="part", max_length=40, description="what one segment is called")
    most: int = Field(default=60, ge=1, le=120, description="how many segments may be asked about")

    @model_validator(mode="after")
    def _inner(self) -> "Segments":
        if self.needs_inner and not self.questions:
            raise Misplaced(("questions",), "give the questions that are asked of each segment")
        found = [loaded(spec, place) for place, spec in enumerate(self.questions)]
        names = [question.name for question in found]
        if len(set(names)) < len(names):
            raise Misplaced(("questions",), "the questions need names of their own")
        for place, question in enumerate(found):
            if isinstance(question, Segments) or question.about in ("pair", "set"):
                wrong = "segments can't ask questions that compare, or segments again"
                raise Misplaced(("questions", place, "kind"), wrong)
        return self

    @cached_property
    def inner(self) -> tuple[Question, ...]:
        """The questions that are asked of each segment."""
        return tuple(load(spec) for spec in self.questions)

    def parts(self, unit: Unit) -> dict[str, Segment]:
        """The segments by their keys, in order; of several outputs, the output's key leads."""
        found = {key: part for key, _, part in parts_of(unit, self.of)}
        if not found:
            words = "this unit has no “{what}” with parts to ask about"
            raise self.refuse(Told(words, what=self.of or "output"))
        if len(found) > self.most:
            words = "this unit has {n} parts to ask about; set `most` of the question"
            raise self.refuse(Told(words, n=len(found)))
        return found

    def listed(self, unit: Unit, *, as_shown: bool) -> list[tuple[str, str]]:
        """Key and line of each part as people read it; `as_shown`: response A's parts first."""
        self.parts(unit)  # refuses what can't be asked
        found = list(parts_of(unit, self.of))
        found.sort(key=lambda one: one[1] if as_shown else "")
        return [(one[0], self.line(n, one[2], one[1])) for n, one in enumerate(found, 1)]

    def _about(self, question: Question, key: str) -> Question:
        """An inner question as it is asked about one segment."""
        where = ("answers", key, question.name) if key else ("answers", question.name)
        return question.model_copy(update={"name": path(self.name, *where)})

    def barred(self, unit: Unit) -> str:
        try:
            self.parts(unit)
        except Invalid as error:
            return error.message
        return next(filter(None, (question.barred(unit) for question in self.inner)), "")

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        answered, lines = mapping(mapping(draft).get("answers")), self.listed(unit, as_shown=True)
        ui.heading(title=self.title, help=self.help, required=self.required)
        found: dict[str, Any] = {}
        for key, line in lines:
            ui.heading(title=line, part=True)
            held = mapping(answered.get(key))
            answers = self.ask_inner(ui, unit, key, held)
            if answers:
                found[key] = answers
        return self.held({"answers": found}, unit) if found else None

    def ask_inner(self, ui: Ui, unit: Unit, key: str, held: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the inner questions about a segment; returns the answers there are."""
        found = {q.name: self._about(q, key).ask(ui, unit, held.get(q.name)) for q in self.inner}
        return {name: answer for name, answer in found.items() if answer is not None}

    def line(self, number: int, part: Segment, letter: str = "") -> str:
        """A segment with its number, and the letter of its response, on one line."""
        words = " ".join(part.text.split())
        short = f"{words[:LONGEST_SHOWN]} …" if len(words) > LONGEST_SHOWN else words
        return f"{number}. {letter} · {short}" if letter else f"{number}. {short}"

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading(), self.numbered(unit)]
        lines.append(f"Answer about each {self.noun}, by its number:")
        return "\n".join([*lines, *self.inner_words(unit)])

    def numbered(self, unit: Unit) -> str:
        """How a model finds the segments."""
        many = len(self.parts(unit))
        return f"The {self.noun}s are numbered from 1 to {many} under “{self._material_title()}”."

    def inner_words(self, unit: Unit) -> list[str]:
        """The inner questions in words for a model."""
        return [f'"{q.name}": {q.instruct(unit)}' for q in self.inner]

    def _material_title(self) -> str:
        return f"{self.name}: numbered {self.noun}s"

    def material(self, unit: Unit) -> Sequence[tuple[str, Content]]:
        lines = [f"[{n}] {part.text}" for n, part in enumerate(self.parts(unit).values(), 1)]
        return [(self._material_title(), TextContent("\n".join(lines)))]

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        numbers = range(1, len(self.parts(unit)) + 1)
        return schema_of({str(n): self.inner_schema(unit) for n in numbers})

    def inner_schema(self, unit: Unit) -> dict[str, Any]:
        """JSON schema of a model's replies to the inner questions."""
        return schema_of({q.name: q.reply_schema(unit) for q in self.inner})

    def read(self, reply: Any, unit: Unit) -> Any:
        keys = list(self.parts(unit))
        if not isinstance(reply, Mapping) or set(reply) != {str(n + 1) for n in range(len(keys))}:
            raise self.refuse(f"expected answers under the numbers 1 to {len(keys)}")
        found = {key: self.read_inner(reply[str(n)], unit) for n, key in enumerate(keys, 1)}
        return self.check({"answers": found}, unit)

    def read_inner(self, said: Any, unit: Unit) -> dict[str, Any]:
        """A model's replies to the inner questions as values; raises `Invalid`."""
        missing = {q.name for q in self.inner if q.required} - set(mapping(said))
        if not isinstance(said, Mapping) or missing or set(said) - {q.name for q in self.inner}:
            raise self.refuse(f"expected {', '.join(q.name for q in self.inner)}")
        try:
            return {q.name: q.read(said[q.name], unit) for q in self.inner if q.name in said}
        except Invalid as error:
            raise self.refuse(str(error)) from None

    def reply(self, value: Any, unit: Unit) -> Any:
        held = value["answers"]
        keys = enumerate(self.parts(unit), 1)
        return {str(n): self.inner_reply(held.get(key, {}), unit) for n, key in keys}

    def inner_reply(self, held: Mapping[str, Any], unit: Unit) -> dict[str, Any]:
        """Values of the inner questions as a model would reply them."""
        return {q.name: q.reply(held[q.name], unit) for q in self.inner if q.name in held}

    def check(self, value: Any, unit: Unit) -> Any:
        parts = self.parts(unit)
        if not isinstance(value, Mapping) or set(value) != {"answers"}:
            raise self.refuse("expected the answers by segment")
        answers = value["answers"]
        if not isinstance(answers, Mapping) or set(answers) - set(parts):
            raise self.refuse(f"answers: expected keys of {self.noun}s")
        found = {
            key: self.check_inner(answers.get(key), unit, f"{self.noun} {n}: ")
            for n, key in enumerate(parts, 1)
        }
        return {"answers": {key: held for key, held in found.items() if held}}

    def check_inner(self, held: Any, unit: Unit, where: str = "") -> dict[str, Any]:
        """Answers to the inner questions in canonical form; raises `Invalid`."""
        given = {} if held is None else held
        if not isinstance(given, Mapping) or set(given) - {q.name for q in self.inner}:
            raise self.refuse(f"{where}expected answers by {', '.join(q.name for q in self.inner)}")
        found = {}
        for question in self.inner:
            value = given.get(question.name)
            if value is None or value == "":
                if question.required:
                    words = "{where}“{title}” needs an answer"
                    raise self.refuse(Told(words, where=where, title=question.title))
                continue
            try:
                found[question.name] = question.check(value, unit)
            except Invalid as error:
                facts = {"where": where, "name": question.name, "why": error.message}
                raise self.refuse(Told("{where}{name}: {why}", **facts)) from None
        return found

    def form(self) -> str:
        return '{"answers": {"0": {"question": "value"}}}'

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level="none")

    def slots(self) -> Mapping[str, Scale]:
        found = {}
        for question in self.inner:
            if question.scale().level != "none":
                found[question.name] = question.scale()
            found |= {f"{question.name}.{n}": scale for n, scale in question.slots().items()}
        return found

    def reads_contents(self) -> bool:
        return any(question.reads_contents() for question in self.inner)

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        coded: dict[str, int] = {}
        for key, held in value["answers"].items():
            coded |= dict(self.inner_codes(held, unit, key))
        return coded

    def inner_codes(
        self, held: Mapping[str, Any], unit: Unit, key: str
    ) -> Iterator[tuple[str, int]]:
        """The codes of the inner questions at one segment, by slot and place."""
        place = quote(key, safe="/ ")
        for question in self.inner:
            if question.name in held:
                for slot, code in question.codes(held[question.name], unit).items():
                    name = f"{question.name}.{slot}" if slot else question.name
                    yield f"{name}{PLACE}{place}", code

    def distance(self, a: Any, b: Any) -> float:
        """The mean distance of the answers to each segment; what only one answered counts 1."""
        gaps = []
        for key in {*a["answers"], *b["answers"]}:
            one, two = mapping(a["answers"].get(key)), mapping(b["answers"].get(key))
            for question in self.inner:
                first, second = one.get(question.name), two.get(question.name)
                if first is not None and second is not None:
                    gaps.append(question.distance(first, second))
                elif first is not None or second is not None:
                    gaps.append(1.0)
        return sum(gaps) / len(gaps) if gaps else 0.0

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """The mean grade over every part and inner question that the known answer has.

        What is left open here counts 0. Free texts are left out where anything else is asked.
        """
        lines = dict(self.listed(unit, as_shown=False))
        return by_part(self.inner, lines, known["answers"], value["answers"], unit)

    def entry(self) -> Entry:
        typed = any(question.entry() == "typing" for question in self.inner)
        return "typing" if typed else "presses"

    def waiting(self, unit: Unit, draft: Any) -> str:
        keys, answers = list(self.parts(unit)), mapping(mapping(draft).get("answers"))
        for key in keys:
            name = self.waiting_inner(unit, key, mapping(answers.get(key)))
            if name:
                return name
        return ""

    def waiting_inner(self, unit: Unit, key: str, held: Mapping[str, Any]) -> str:
        """The block of an inner question that the digits press now; '' when none waits."""
        names = (self._about(q, key).waiting(unit, held.get(q.name)) for q in self.inner)
        return next((name for name in names if name), "")

    def describe(self, value: Any, unit: Unit) -> str:
        numbers = {key: n for n, key in enumerate(self.parts(unit), 1)}
        return several([
            Told("{what}: {words}", what=str(numbers.get(key, key)),
                 words=beside(self.said_inner(held, unit)))
            for key, held in value["answers"].items()
        ] or [Told("no answers")])  # fmt: skip

    def said_inner(self, held: Mapping[str, Any], unit: Unit) -> list[str]:
        """The answers to the inner questions in words."""
        return [q.describe(held[q.name], unit) for q in self.inner if q.name in held]

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name}

    def example(self, unit: Unit) -> Any:
        inner = {question.name: question.example(unit) for question in self.inner}
        keys = list(self.parts(unit))
        return {"answers": {key: dict(inner) for key in keys}}

    @classmethod
    def sample(cls) -> "Segments":
        verdict = {"kind": "label", "name": "verdict", "title": "Is it right?",
                   "labels": {"right": "", "wrong": ""}}  # fmt: skip
        return cls(name="example", title="An example", noun="sentence", questions=(verdict,))
