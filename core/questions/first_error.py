"""The first wrong part of a content: step, sentence, turn."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from core.answers import path
from core.questions.base import Scale, questions, schema_of
from core.questions.grades import Grade, told
from core.questions.inner import mapping
from core.questions.segments import Segments
from core.telling import Told, several
from core.ui import Option, Ui
from core.units import Unit

FIRST, RIGHT, WRONG, CLEAR = "first_error", "right", "wrong", "clear"


@questions.register
class FirstError(Segments):
    """Goes through the segments of a content until the first wrong one.

    The value is `{"first_error": index}`, counted from 0, or -1 when none is wrong, with the
    `answers` to inner `questions`, if there are any, about the wrong one. It is coded by the index:
    -1 first, then 0, 1, and so on. Each inner question is a slot, coded at that segment.
    """

    kind = "first_error"
    needs_inner: ClassVar[bool] = False

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        given, noun = mapping(draft), self.noun
        lines = self.listed(unit, as_shown=False)  # the index counts in the study's own order
        marks = self._marks(given, [key for key, _ in lines])
        options = [
            Option(RIGHT, ui.word("Right"), ui.word("this {noun} is right", noun=noun)),
            Option(WRONG, ui.word("Wrong"), ui.word("this is the first wrong {noun}", noun=noun)),
            Option(CLEAR, ui.word("All right from here"), ui.word("no {noun} is wrong", noun=noun)),
        ]
        ui.heading(title=self.title, help=self.help, required=self.required)
        found: dict[str, str] = {}
        for key, line in lines:
            mark = ui.choose(
                name=path(self.name, "marks", key), title=line,
                options=options, value=marks.get(key), part=True, fixed=True,
            )  # fmt: skip
            if mark is None:
                break
            found[key] = mark
            if mark != RIGHT:
                break
        answers = {}
        if WRONG in found.values() and self.inner:
            answers = self.ask_inner(ui, unit, "", mapping(given.get("answers")))
        return self.held({"marks": found, "answers": answers}, unit) if found else None

    def _marks(self, given: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str]:
        """What was said of each segment, from a draft, or from a value and what changed since."""
        found: dict[str, str] = {}
        index = given.get(FIRST)
        if type(index) is int and -1 <= index < len(keys):
            found = dict.fromkeys(keys[: index if index >= 0 else None], RIGHT)
            if index >= 0:
                found[keys[index]] = WRONG
        for key, mark in mapping(given.get("marks")).items():
            if key in keys and mark in (RIGHT, WRONG, CLEAR):
                found[key] = mark
        return found

    def _index(self, marks: Mapping[str, str], keys: Sequence[str]) -> int:
        """Where the first error is; raises `Invalid` while that is not known."""
        for place, key in enumerate(keys):
            if marks.get(key) == WRONG:
                return place
            if marks.get(key) == CLEAR:
                return -1
            if marks.get(key) != RIGHT:
                words = "judge each {noun} up to the first wrong one"
                raise self.refuse(Told(words, noun=self.noun))
        return -1

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading(), self.numbered(unit)]
        lines.append(f"Give the number of the first wrong {self.noun}, or 0 when none is wrong.")
        if self.inner:
            lines.append(f"Then answer about that {self.noun}, or null when none is wrong:")
        return "\n".join([*lines, *self.inner_words(unit)])

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        first = {"enum": list(range(len(self.parts(unit)) + 1))}
        if not self.inner:
            return first
        about = {"anyOf": [self.inner_schema(unit), {"type": "null"}]}
        return schema_of({"first": first, "about": about})

    def read(self, reply: Any, unit: Unit) -> Any:
        many = len(self.parts(unit))
        said = reply if self.inner and isinstance(reply, Mapping) else {"first": reply}
        first = said.get("first")
        if type(first) is not int or not 0 <= first <= many:
            raise self.refuse(f"expected a whole number from 0 to {many}")
        value: dict[str, Any] = {FIRST: first - 1}
        if first and said.get("about") is not None:
            value["answers"] = self.read_inner(said["about"], unit)
        return self.check(value, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        first = value[FIRST] + 1
        if not self.inner:
            return first
        about = self.inner_reply(mapping(value.get("answers")), unit) if first else None
        return {"first": first, "about": about}

    def check(self, value: Any, unit: Unit) -> Any:
        keys = list(self.parts(unit))
        if not isinstance(value, Mapping) or set(value) - {FIRST, "answers", "marks"}:
            raise self.refuse(f"expected {FIRST}: an index from -1 to {len(keys) - 1}")
        index = value.get(FIRST)
        known = type(index) is int and -1 <= index < len(keys)
        if not known and (index is not None or not isinstance(value.get("marks"), Mapping)):
            raise self.refuse(f"{FIRST}: expected a whole number from -1 to {len(keys) - 1}")
        found: dict[str, Any] = {FIRST: self._index(self._marks(value, keys), keys)}
        if found[FIRST] < 0:
            return found
        answers = self.check_inner(value.get("answers"), unit)
        return {**found, "answers": answers} if answers else found

    def form(self) -> str:
        return '{"first_error": 2}'

    def cell(self, raw: Any, unit: Unit) -> Any:
        found = self.parsed(raw)
        whole = isinstance(found, int | float) and not isinstance(found, bool)
        if whole and abs(found) < 1e6 and found == int(found):
            found = {FIRST: int(found)}
        return self.check(found, unit)

    def plain(self, value: Any) -> Any:
        return value[FIRST] if set(value) == {FIRST} else super().plain(value)

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level="ordinal", labels=tuple(str(n) for n in range(-1, self.most)))

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        index = int(value[FIRST])
        inner = self.inner_codes(mapping(value.get("answers")), unit, str(index))
        return {"": index + 1, **dict(inner)}

    def distance(self, a: Any, b: Any) -> float:
        return float(a[FIRST] != b[FIRST])

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """Whether it is the same first wrong part, whatever is said about it."""
        index = known[FIRST]
        if value[FIRST] == index:
            return Grade(1.0)
        if index < 0:
            return Grade(0.0, (told("every {noun} is right", noun=self.noun),))
        line = dict(self.listed(unit, as_shown=False))[list(self.parts(unit))[index]]
        return Grade(0.0, (told("the first wrong {noun}: {line}", noun=self.noun, line=line[:60]),))

    def waiting(self, unit: Unit, draft: Any) -> str:
        given = mapping(draft)
        keys = list(self.parts(unit))
        marks = self._marks(given, keys)
        for key in keys:
            if marks.get(key) is None:
                return path(self.name, "marks", key)
            if marks[key] == WRONG:
                return self.waiting_inner(unit, "", mapping(given.get("answers")))
            if marks[key] == CLEAR:
                return ""
        return ""

    def describe(self, value: Any, unit: Unit) -> str:
        index = value[FIRST]
        if index < 0:
            return Told("none is wrong")
        words = Told("{noun} {n} is the first wrong one", noun=self.noun, n=index + 1)
        return several([words, *self.said_inner(mapping(value.get("answers")), unit)])

    def example(self, unit: Unit) -> Any:
        inner = {question.name: question.example(unit) for question in self.inner}
        last = len(self.parts(unit)) - 1
        return {FIRST: last, "answers": inner} if inner else {FIRST: last}

    @classmethod
    def sample(cls) -> "FirstError":
        return cls(name="example", title="An example", noun="sentence")
