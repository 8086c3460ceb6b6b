"""A text of the rater's own, or the edit of a draft."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from core.answers import path
from core.questions.base import TENTHS, Entry, Parted, Scale, questions, schema_of, tenth
from core.questions.grades import Grade, instead, of_words, told
from core.telling import Told
from core.ui import Option, Ui
from core.units import Unit

ACCEPT, EDIT, REJECT = "accept", "edit", "reject"
VERDICTS = {
    ACCEPT: "it is right as it stands", EDIT: "put it right yourself",
    REJECT: "it is of no use",
}  # fmt: skip
WORD = re.compile(r"\S+\s*|\s+")


def edit_distance(old: str, new: str) -> float:
    """The share of words that an edit touched, 0 to 1: 0 for the same text, 1 for another one.

    Words with the blanks behind them are matched by `difflib.SequenceMatcher`; the words taken out
    or put in, whichever are more at each place, are counted, and divided by the length of the
    longer text. It is at least the word-level Levenshtein distance over the same length.

    >>> edit_distance("one two three four", "one 2 three four")
    0.25
    """
    before, after = WORD.findall(old), WORD.findall(new)
    steps = difflib.SequenceMatcher(None, before, after).get_opcodes()
    touched = sum(max(b - a, d - c) for what, a, b, c, d in steps if what != "equal")
    return round(touched / max(len(before), len(after), 1), 4)


@questions.register
class Text(Parted):
    """A free text of at most `longest` characters. It has no code: statistics pass it by.

    With `edits` it is the edit of a draft, which stands in that field of the item, or in the
    unit's output of that role: accepted, edited or rejected. The value is `{"verdict": "accept"}`,
    `{"verdict": "reject"}`, or `{"verdict": "edit", "text": ..., "distance": ...}` with the edit
    distance to the draft; an edit that changes nothing is kept as accepted. The verdict is the
    code; the slot "edit" is the distance in tenths, 0 when accepted, and has no code when rejected.
    """

    kind = "text"
    required: bool = False
    placeholder: str = Field(default="", description="words in the empty field")
    longest: int = Field(default=10_000, ge=1, le=200_000)
    edits: str = Field(default="", description="field, or role of an output, that holds a draft")

    def source(self) -> str:
        return self.edits

    def rewritten(self, value: Any) -> str | None:
        return value.get("text") if self.edits and value.get("verdict") == EDIT else None

    def original(self, unit: Unit) -> str:
        """The draft to edit; raises `Invalid` when the unit has none."""
        if self.edits in unit.fields:
            return unit.fields[self.edits].text()
        for output in unit.of_role(self.edits):
            return output.content.text()
        words = "this unit has no field or output called “{name}” to edit"
        raise self.refuse(Told(words, name=self.edits))

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        if not self.edits:
            return ui.write(
                name=self.name, title=self.title, value=draft, help=self.help,
                required=self.required, placeholder=self.placeholder, longest=self.longest,
            )  # fmt: skip
        old, given = self.original(unit), draft if isinstance(draft, Mapping) else {}
        verdict = ui.choose(
            name=path(self.name, "verdict"), title=self.title, value=given.get("verdict"),
            options=[
                Option(v, ui.word(v.capitalize()), ui.word(hint)) for v, hint in VERDICTS.items()
            ],
            help=self.help, required=self.required, fixed=True,
        )  # fmt: skip
        if verdict is None:
            return None
        if verdict != EDIT:
            return {"verdict": verdict}
        text = ui.write(
            name=path(self.name, "text"), title=ui.word("Your version"),
            value=given.get("text", old), placeholder=self.placeholder, longest=self.longest,
        )  # fmt: skip
        if isinstance(text, str) and text != old:
            ui.changes(old, text)
        return self.held({"verdict": EDIT, "text": text}, unit)

    def instruct(self, unit: Unit) -> str:
        if not self.edits:
            return f"{self.heading()}\nAnswer with a text of at most {self.longest} characters."
        lines = [self.heading(), f"The draft is the {self.edits}. Give your verdict on it:"]
        lines += [f'"{verdict}": {hint}' for verdict, hint in VERDICTS.items()]
        lines.append(f'With "edit" give the whole text as it should be, else "text": "". At most '
                     f"{self.longest} characters.")  # fmt: skip
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        text = {"type": "string", "maxLength": self.longest}
        if not self.edits:
            return text
        return schema_of({"verdict": {"enum": list(VERDICTS)}, "text": text})

    def read(self, reply: Any, unit: Unit) -> Any:
        if self.edits and isinstance(reply, Mapping) and reply.get("verdict") != EDIT:
            return self.check({"verdict": reply.get("verdict")}, unit)
        return self.check(reply, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        if not self.edits:
            return value
        return {"verdict": value["verdict"], "text": value.get("text", "")}

    def check(self, value: Any, unit: Unit) -> Any:
        if not self.edits:
            return self._text(value)
        parts = {"verdict", "text", "distance"}
        if not isinstance(value, Mapping) or set(value) - parts:
            raise self.refuse(f"expected one of: {', '.join(VERDICTS)}")
        verdict = value.get("verdict")
        if verdict not in (ACCEPT, EDIT, REJECT):
            raise self.refuse(f"expected one of: {', '.join(VERDICTS)}")
        if verdict != EDIT:
            return {"verdict": verdict}
        old = self.original(unit)
        text = self._text(value.get("text"))
        if not text.strip():
            raise self.refuse(Told("an edited text is needed; reject the draft to have none"))
        if text == old:
            return {"verdict": ACCEPT}
        return {"verdict": EDIT, "text": text, "distance": edit_distance(old, text)}

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse("expected a text")
        if len(value) > self.longest:
            words = "at most {most} characters; this has {n}"
            raise self.refuse(Told(words, most=self.longest, n=len(value)))
        if "\x00" in value or any(0xD800 <= ord(c) <= 0xDFFF for c in value):
            raise self.refuse(Told("the text holds a character that cannot be stored"))
        if self.required and not value.strip():
            raise self.refuse(Told("an answer is needed"))
        return value

    def cell(self, raw: Any, unit: Unit) -> Any:
        if not self.edits:
            return self.check(raw, unit)
        if raw in (ACCEPT, REJECT):
            return {"verdict": raw}
        return super().cell(raw, unit)

    def form(self) -> str:
        return 'accept, reject, or {"verdict": "edit", "text": "..."}'

    def scale(self, unit: Unit | None = None) -> Scale:
        if not self.edits:
            return Scale(level="none")
        return Scale(level="nominal", labels=tuple(VERDICTS))

    def slots(self) -> Mapping[str, Scale]:
        return {EDIT: TENTHS} if self.edits else {}

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        if not self.edits:
            return {}
        found = {"": list(VERDICTS).index(value["verdict"])}
        if value["verdict"] != REJECT:
            found[EDIT] = tenth(value.get("distance", 0.0))
        return found

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """F1 of the words; of an edit, 0 for another verdict, else the share of words not touched.

        That share is 1 - the edit distance between the two edited texts.
        """
        if not self.edits:
            return of_words(known, value)
        one, two = known["verdict"], value["verdict"]
        if one != two:
            words = (told(verdict.capitalize()) for verdict in (one, two))
            return Grade(0.0, (instead(told("the draft"), *words),))
        return Grade(1 - edit_distance(known.get("text", ""), value.get("text", "")))

    def entry(self) -> Entry:
        return "typing"

    def waiting(self, unit: Unit, draft: Any) -> str:
        given = draft if isinstance(draft, Mapping) else {}
        waits = self.edits and given.get("verdict") is None
        return path(self.name, "verdict") if waits else ""

    def describe(self, value: Any, unit: Unit) -> str:
        if not self.edits:
            return str(value)
        if value["verdict"] != EDIT:
            return Told("accepted") if value["verdict"] == ACCEPT else Told("rejected")
        words, share = "edited ({share} of the words): {text}", f"{value['distance']:.0%}"
        return Told(words, share=share, text=value["text"])

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name}

    def example(self, unit: Unit) -> Any:
        if not self.edits:
            return "It answers the question, and says where the figure comes from."
        return self.check({"verdict": EDIT, "text": self.original(unit) + " Or less."}, unit)
