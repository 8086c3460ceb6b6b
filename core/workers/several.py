"""One request about one or several units, and its reply taken apart unit by unit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.content.base import Content
from core.digest import canonical
from core.prompts import prompt
from core.questions.base import Question
from core.replies import validator
from core.units import Invalid, Unit
from core.workers.briefing import Turn, brief, responses, surroundings
from core.workers.reply_form import Form, an_object
from core.workers.worked_cases import WorkedCase, as_text, replied, turns

Answers = Mapping[str, tuple[Any, str]]
RIGHT = "That is right."


@dataclass(frozen=True, slots=True)
class Several:
    """The units of one request, what each is asked, and whether reasons are wanted.

    A single unit is asked as if there were no others. Several are cases, numbered from 1 in the
    titles of their material and in the reply.
    """

    units: Sequence[Unit]
    asked: Callable[[Unit], Sequence[Question]]
    reasoned: bool

    @property
    def many(self) -> bool:
        """Whether there is more than one."""
        return len(self.units) > 1

    def messages(
        self, *, salt: str, guidelines: str, persona: str, worked: Sequence[WorkedCase],
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The system's words, worked cases as earlier turns, and the units, each text fenced."""
        prompts = [prompt("annotator"), *([prompt("annotator_cases")] if self.many else [])]
        return brief(
            prompts, self._material(), self._closing(), salt=salt, guidelines=guidelines,
            values={"persona": persona}, turns=self._turns(worked),
        )  # fmt: skip

    def schema(self) -> dict[str, Any]:
        """The schema of a reply: of one unit, or of each case under its number."""
        each = [self._schema(unit) for unit in self.units]
        return an_object(_numbered(each)) if self.many else each[0]

    def read(self, told: Mapping[str, Any]) -> dict[str, Answers]:
        """The valid answers (value, reason) by the unit's key and the question's name.

        A case that is missing or not valid is left out; raises `Invalid` when all are.
        """
        if not self.many:
            return {self.units[0].key: self._read(self.units[0], told)}
        found: dict[str, Answers] = {}
        wrong = []
        for number, unit in enumerate(self.units, 1):
            try:
                found[unit.key] = self._read(unit, _whole(told.get(str(number)), number,
                                                          self._schema(unit)))  # fmt: skip
            except Invalid as error:
                wrong.append(str(error))
        if not found:
            raise Invalid("cases", "; ".join(wrong))
        return found

    def _material(self) -> list[tuple[str, Content]]:
        return [
            (f"case {number}, {title}" if self.many else title, content)
            for number, unit in enumerate(self.units, 1)
            for title, content in [*surroundings(unit), *responses(unit)]
        ]

    def _closing(self) -> str:
        """The questions, said once where they are the same for every case."""
        first = self.units[0]
        if not self.many:
            return _single(self.asked(first), first, self.reasoned)
        words = [_questions(self.asked(unit), unit) for unit in self.units]
        forms = [_sketch(self.asked(unit), self.reasoned) for unit in self.units]
        if len(set(words)) == 1:
            lines = [f"Questions about each of the cases 1 to {len(words)}:", words[0]]
        else:
            lines = [f"Questions about case {n}:\n{said}" for n, said in enumerate(words, 1)]
        return "\n\n".join([*lines, _form(forms)])

    def _turns(self, worked: Sequence[WorkedCase]) -> list[Turn]:
        if not worked:
            return []
        first = self.units[0]
        asked = self.asked(first)
        found = []
        for cases in turns(worked, self.many):
            told = [replied(case, asked, self.reasoned) for case in cases]
            titles = [f"case {n}, " if self.many else "" for n in range(1, len(cases) + 1)]
            material = [p for c, t in zip(cases, titles, strict=True) for p in c.pieces(t)]
            closing = _single(asked, first, self.reasoned)
            if self.many:
                heading = f"Questions about each of the cases 1 to {len(cases)}:"
                form = _form([_sketch(asked, self.reasoned)] * len(cases))
                closing = f"{heading}\n\n{_questions(asked, first)}\n\n{form}"
            reasons = [case.why for case in cases if case.why]
            remark = " ".join([RIGHT, *reasons]) + "\n"
            reply = as_text(_numbered(told) if self.many else told[0])
            found.append(Turn(material, closing, reply, remark))
        return found

    def _schema(self, unit: Unit) -> dict[str, Any]:
        if self.reasoned:
            return Form().schema(self.asked(unit), unit)
        return an_object({q.name: q.reply_schema(unit) for q in self.asked(unit)})

    def _read(self, unit: Unit, told: Mapping[str, Any]) -> Answers:
        asked = self.asked(unit)
        if not self.reasoned:
            return {q.name: (q.read(told[q.name], unit), "") for q in asked}
        said = {q.name: Form().read(q, told[q.name], unit) for q in asked}
        return {name: (one.value, one.why) for name, one in said.items()}


def _whole(told: Any, number: int, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """One case of a reply, if it is all that it has to be; raises `Invalid`."""
    if not isinstance(told, Mapping):
        raise Invalid(str(number), "there is no verdict on this case")
    problem = next(validator(canonical(schema)).iter_errors(told), None)
    if problem is not None:
        raise Invalid(str(number), problem.message[:200])
    return told


def _single(asked: Sequence[Question], unit: Unit, reasoned: bool) -> str:
    if reasoned:
        return Form().words(asked, unit)
    lines = [f'"{q.name}": {q.instruct(unit)}' for q in asked]
    return "\n\n".join([*lines, f"Reply in this form: {_sketch(asked, False)}"])


def _questions(asked: Sequence[Question], unit: Unit) -> str:
    return "\n\n".join(f'"{q.name}": {q.instruct(unit)}' for q in asked)


def _sketch(asked: Sequence[Question], reasoned: bool) -> str:
    entry = '{"reasoning": "...", "answer": ...}' if reasoned else "..."
    return "{" + ", ".join(f'"{q.name}": {entry}' for q in asked) + "}"


def _form(forms: Sequence[str]) -> str:
    """The form of a reply about several cases, each written out, in their order."""
    whole = ", ".join(f'"{number}": {form}' for number, form in enumerate(forms, 1))
    return f"Reply with one entry for each case, in this form: {{{whole}}}"


def _numbered(each: Sequence[Any]) -> dict[str, Any]:
    return {str(number): one for number, one in enumerate(each, 1)}
