"""A list of lines, each of which is met or not."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, field_validator, model_validator

from core.answers import path
from core.content.base import Content, storable
from core.content.plain import Plain
from core.questions.base import TENTHS, Entry, Parted, Scale, questions, schema_of, tenth
from core.questions.grades import Grade, instead, of_sets, told
from core.telling import Told, several
from core.ui import Option, Ui
from core.units import Invalid, Unit

YES, NO, NA = "yes", "no", "n/a"
BULLET = "-*•–0123456789.)( \t[]"
LONGEST, MOST = 500, 60


@questions.register
class Checklist(Parted):
    """Each line is answered yes, no or n/a (does not apply).

    The lines are `lines` (line -> meaning), or those of the unit's output of role `role`, one per
    line of its text. With `edit` a person may change, add and drop lines before answering; then
    the value holds the lines as well: `{"lines": [...], "answers": {line: "yes"}}`. The answer is
    coded by its pass rate, yes / (yes + no), in tenths, and has no code when nothing applies. Each
    of the fixed lines is a slot, coded no or yes; n/a has no code.
    """

    kind = "checklist"
    lines: Mapping[str, str] = Field(default_factory=dict, description="each line and its meaning")
    role: str = Field(default="", description="role of the output that holds the lines instead")
    edit: bool = Field(default=False, description="people may change the lines before they answer")
    na: bool = Field(default=True, description="offer 'does not apply'")

    @field_validator("lines", mode="before")
    @classmethod
    def _named(cls, lines: Any) -> Any:
        if isinstance(lines, list | tuple):
            lines = {str(line): "" for line in lines}
        if not isinstance(lines, Mapping):
            raise ValueError("give the lines as a list or as line: meaning")
        return {str(line).strip(): str(meaning or "") for line, meaning in lines.items()}

    @model_validator(mode="after")
    def _one_source(self) -> "Checklist":
        if bool(self.lines) == bool(self.role):
            raise ValueError("give either lines, or the role of the output that holds them")
        return self

    def source(self) -> str:
        return self.role if self.edit else ""

    def rewritten(self, value: Any) -> str | None:
        return "\n".join(value["lines"]) if self.edit else None

    def given(self, unit: Unit) -> list[str]:
        """The lines as the study or the output gives them."""
        if self.lines:
            return list(self.lines)
        held = [output.content.text() for output in unit.of_role(self.role)]
        if not held:
            words = "this unit has no output of the role “{role}” to take lines from"
            raise self.refuse(Told(words, role=self.role))
        found = (line.lstrip(BULLET).strip()[:LONGEST] for line in held[0].splitlines())
        return list(dict.fromkeys(line for line in found if line))[:MOST]

    def _now(self, draft: Any, unit: Unit) -> list[str]:
        """The lines as they stand in a value or draft: a list, or a text with one per line."""
        held = draft.get("lines") if self.edit and isinstance(draft, Mapping) else None
        if held is None:
            return self.given(unit)
        rows = held.splitlines() if isinstance(held, str) else held
        if not isinstance(rows, list | tuple) or not all(isinstance(row, str) for row in rows):
            raise self.refuse("lines: expected a list of texts")
        found = list(dict.fromkeys(row.strip() for row in rows if row.strip()))
        if not 1 <= len(found) <= MOST:
            words = "lines: expected 1 to {most} of them; found {n}"
            raise self.refuse(Told(words, most=MOST, n=len(found)))
        for row in found:
            if len(row) > LONGEST:
                raise self.refuse(Told("lines: at most {most} characters each", most=LONGEST))
            storable(row, self.name)
        return found

    def _allowed(self) -> list[str]:
        return [YES, NO, NA] if self.na else [YES, NO]

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        given = draft if isinstance(draft, Mapping) else {}
        lines, found = self._drawable(given, unit), {}
        if not lines and not self.edit:
            raise self.refuse(Told("the checklist of this unit has no lines"))
        ui.heading(title=self.title, help=self.help, required=self.required)
        if self.edit:
            text = ui.write(
                name=path(self.name, "lines"), title=ui.word("Lines: change, add or drop some"),
                value="\n".join(lines), longest=LONGEST * MOST,
            )  # fmt: skip
            found["lines"] = text if text is not None else "\n".join(lines)
        answers = given.get("answers")
        known = answers if isinstance(answers, Mapping) else {}
        options = [
            Option(word, ui.word(word.capitalize() if word != NA else word))
            for word in self._allowed()
        ]
        taken = {}
        for line in lines:
            meaning = self.lines.get(line, "")
            taken[line] = ui.choose(
                name=path(self.name, "answers", line), title=line, options=options,
                value=known.get(line), help=meaning, part=True, fixed=True,
            )  # fmt: skip
        taken = {line: answer for line, answer in taken.items() if answer is not None}
        if not taken and not given.get("lines"):
            return None
        return self.held({**found, "answers": taken}, unit)

    def _drawable(self, draft: Mapping[str, Any], unit: Unit) -> list[str]:
        try:
            return self._now(draft, unit)
        except Invalid:
            return self.given(unit)

    @property
    def _numbered(self) -> bool:
        """Whether a model names lines by number: those that were written for the unit are material.

        In a question's words or a reply's form they would stand outside of the marks around it.
        """
        return bool(self.role) and not self.edit

    def _title(self) -> str:
        return f"{self.name}: lines"

    def instruct(self, unit: Unit) -> str:
        words = " or ".join(f'"{word}"' for word in self._allowed())
        how = f"Answer {words} for each line of the checklist, with the line as it stands"
        if self._numbered:
            how = f"The lines under “{self._title()}” have a number each. Answer {words} for each"
        if self.edit:
            how += "; you may change, add or drop lines"
        lines = [f"{self.heading()}\n{how}."]
        if not self.role:
            lines += [f"- {line}: {m}" if m else f"- {line}" for line, m in self.lines.items()]
        return "\n".join(lines)

    def material(self, unit: Unit) -> Sequence[tuple[str, Content]]:
        if not self._numbered:
            return ()
        lines = [f"[{n}] {line}" for n, line in enumerate(self.given(unit), 1)]
        return [(self._title(), Plain("\n".join(lines)))]

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        line: dict[str, Any] = {"type": "string"} if self.edit else {"enum": self.given(unit)}
        if self._numbered:
            line = {"type": "integer", "minimum": 1, "maximum": len(self.given(unit))}
        row = schema_of({"line": line, "answer": {"enum": self._allowed()}})
        return {"type": "array", "items": row}

    def read(self, reply: Any, unit: Unit) -> Any:
        rows = reply if isinstance(reply, list) else []
        good = [row for row in rows if isinstance(row, Mapping)]
        if self._numbered:
            good = self._by_number(good, unit)
        good = [row for row in good if isinstance(row.get("line"), str)]
        if not good or len(good) < len(rows):
            raise self.refuse("expected a list of lines with an answer each")
        value: dict[str, Any] = {
            "answers": {row["line"].strip(): row.get("answer") for row in good}
        }
        if self.edit:
            value["lines"] = [row["line"] for row in good]
        return self.check(value, unit)

    def _by_number(self, rows: Sequence[Mapping[str, Any]], unit: Unit) -> list[Mapping[str, Any]]:
        """The rows with their lines for the numbers; raises `Invalid` where one is left out."""
        lines = dict(enumerate(self.given(unit), 1))
        numbers = [row.get("line") for row in rows]
        absent = [n for n in lines if n not in numbers]
        if absent or len(numbers) != len(set(map(str, numbers))):
            raise self.refuse(f"expected one answer for each of the lines 1 to {len(lines)}")
        return [{**row, "line": lines.get(n)} for row, n in zip(rows, numbers, strict=True)
                if type(n) is int]  # fmt: skip

    def reply(self, value: Any, unit: Unit) -> Any:
        rows = enumerate(self._now(value, unit), 1)
        return [
            {"line": n if self._numbered else line, "answer": value["answers"][line]}
            for n, line in rows
        ]

    def check(self, value: Any, unit: Unit) -> Any:
        parts = {"answers", "lines"} if self.edit else {"answers"}
        if not isinstance(value, Mapping) or set(value) - parts:
            raise self.refuse("expected the answers by line")
        lines, answers = self._now(value, unit), value.get("answers")
        if not isinstance(answers, Mapping):
            raise self.refuse("expected the answers by line")
        for line in lines:
            if answers.get(line) not in self._allowed():
                able = ", ".join(self._allowed())
                raise self.refuse(Told("“{line}” needs one of: {able}", line=line, able=able))
        if not self.edit and set(answers) - set(lines):
            raise self.refuse("an answer belongs to no line of the checklist")
        found = {"answers": {line: answers[line] for line in lines}}
        return {"lines": lines, **found} if self.edit else found

    def form(self) -> str:
        return '{"answers": {"the line": "yes"}}'

    def scale(self, unit: Unit | None = None) -> Scale:
        return TENTHS

    def slots(self) -> Mapping[str, Scale]:
        scale = Scale(level="nominal", labels=(NO, YES))
        return {} if self.edit else dict.fromkeys(self.lines, scale)

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        told = {line: int(a == YES) for line, a in value["answers"].items() if a != NA}
        rate = {"": tenth(sum(told.values()) / len(told))} if told else {}
        return {**rate, **{slot: told[slot] for slot in self.slots() if slot in told}}

    def distance(self, a: Any, b: Any) -> float:
        """The share of lines of either that the two answer differently, or that only one has."""
        one, two = a["answers"], b["answers"]
        every = {*one, *two}
        return float(sum(one.get(line) != two.get(line) for line in every) / len(every))

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """The share of lines of either that are answered as is known."""
        right, given = known["answers"], value["answers"]
        lines = of_sets({n: n for n in right}, {n: n for n in given}).differs
        words = {YES: told("Yes"), NO: told("No"), NA: told("n/a")}
        differs = [
            instead(line, words[answer], words[given[line]])
            for line, answer in right.items()
            if given.get(line, answer) != answer
        ]
        return Grade(1 - self.distance(value, known), (*differs, *lines))

    def entry(self) -> Entry:
        return "typing" if self.edit else "presses"

    def waiting(self, unit: Unit, draft: Any) -> str:
        given = draft if isinstance(draft, Mapping) else {}
        answers = given.get("answers")
        known = answers if isinstance(answers, Mapping) else {}
        left = [line for line in self._drawable(given, unit) if known.get(line) is None]
        return path(self.name, "answers", left[0]) if left else ""

    def describe(self, value: Any, unit: Unit) -> str:
        told = list(value["answers"].values())
        met, many, na = told.count(YES), len(told) - told.count(NA), told.count(NA)
        said = [Told("{n} of {many} met", n=met, many=many)]
        if na:
            said = [Told("{n} of {many} met, {na} n/a", n=met, many=many, na=na)]
        if told.count(NO):
            failed = [line for line, answer in value["answers"].items() if answer == NO]
            said.append(Told("not met: {lines}", lines=", ".join(failed)))
        return self._edits(several(said), value, unit)

    def _edits(self, said: str, value: Any, unit: Unit) -> str:
        """The answers in words, and what the person did to the lines, if anything."""
        before, after = (self.given(unit), self._lines(value)) if self.edit else ([], [])
        added, dropped = len(set(after) - set(before)), len(set(before) - set(after))
        if not added and not dropped:
            return said
        words = "{words} ({added} lines added, {dropped} dropped)"
        return Told(words, words=said, added=added, dropped=dropped)

    def _lines(self, value: Any) -> Sequence[str]:
        return list(value["answers"])

    def argilla(self) -> dict[str, Any]:
        labels = list(self.lines) or [self.role]
        return {"type": "multi_label_selection", "name": self.name, "labels": labels}

    def example(self, unit: Unit) -> Any:
        lines = self.given(unit)
        found = {"answers": {line: NO if n else YES for n, line in enumerate(lines)}}
        return {"lines": lines, **found} if self.edit else found

    @classmethod
    def sample(cls) -> "Checklist":
        lines = {"names a source": "", "gives a number": "any number of days"}
        return cls(name="example", title="An example", lines=lines)
