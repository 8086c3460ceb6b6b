"""The best of several responses."""

from typing import Any

from pydantic import Field

from core.questions.base import About, Question, Scale, questions
from core.telling import Told
from core.ui import Option, Ui
from core.units import Unit

TIE, NONE = "tie", "none"
WORDS = {TIE: ("Tie", "several are equally good"), NONE: ("None", "none is acceptable")}


def ordinal(place: int) -> str:
    """The place of a response in the study's own order, counted from 0, as a word.

    >>> [ordinal(n) for n in (0, 1, 2, 3, 20)]
    ['1st', '2nd', '3rd', '4th', '21st']
    """
    number = place + 1
    last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{last or 'th'}"


@questions.register
class Choice(Question):
    """The best of the outputs that a unit shows, at most `most`, with tie and none if wanted.

    The value is `{"winner": key}`, or `{"winner": null, "verdict": "tie" | "none"}`. Codes follow
    the study's own order of the outputs, then tie, then none.
    """

    kind = "choice"
    about: About = "set"
    most: int = Field(default=4, ge=2, le=26, description="how many responses a unit may show")
    tie: bool = Field(default=False, description="offer 'equally good'")
    none: bool = Field(default=False, description="offer 'none is acceptable'")

    def _verdicts(self) -> list[str]:
        return [TIE] * self.tie + [NONE] * self.none

    def _set(self, unit: Unit) -> None:
        many = len(unit.outputs)
        if not 2 <= many <= self.most:
            raise self.refuse(
                Told(
                    "compares 2 to {most} responses, but this unit has {n}; set `most` of the "
                    "question", most=self.most, n=many,
                )
            )  # fmt: skip

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        self._set(unit)
        options = [
            Option({"winner": key}, ui.word("Response {letter}", letter=unit.letter(key)))
            for key in unit.shown
        ]
        options += [
            Option({"winner": None, "verdict": v}, *map(ui.word, WORDS[v]))
            for v in self._verdicts()
        ]
        return ui.choose(
            name=self.name, title=self.title, options=options, value=draft, help=self.help,
            required=self.required,
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        letters = ", ".join(f'"{unit.letter(key)}"' for key in unit.shown)
        lines = [self.heading(), f"Answer with the letter of the best response: {letters}."]
        lines += [f'Answer "{v}" when {WORDS[v][1]}.' for v in self._verdicts()]
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        self._set(unit)
        return {"enum": [*map(unit.letter, unit.shown), *self._verdicts()]}

    def read(self, reply: Any, unit: Unit) -> Any:
        if reply in self._verdicts():
            return {"winner": None, "verdict": reply}
        if not isinstance(reply, str):
            raise self.refuse("expected the letter of a response")
        return self.check({"winner": self.lettered(reply, unit)}, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        return value["verdict"] if value["winner"] is None else unit.letter(value["winner"])

    def check(self, value: Any, unit: Unit) -> Any:
        self._set(unit)
        if not isinstance(value, dict) or set(value) - {"winner", "verdict"} or not value:
            raise self.refuse("expected the best response")
        winner, verdict = value.get("winner"), value.get("verdict")
        if winner is None and isinstance(verdict, str) and verdict in self._verdicts():
            return {"winner": None, "verdict": verdict}
        if isinstance(winner, str) and winner in unit.shown and verdict is None:
            return {"winner": winner}
        raise self.refuse(f"expected one of {list(unit.order)} or one of {self._verdicts()}")

    def cell(self, raw: Any, unit: Unit) -> Any:
        if isinstance(raw, str) and raw in unit.shown:
            return self.check({"winner": raw}, unit)
        if isinstance(raw, str) and raw in self._verdicts():
            return self.check({"winner": None, "verdict": raw}, unit)
        return self.check(raw, unit)

    def plain(self, value: Any) -> Any:
        return value["winner"] if value["winner"] is not None else value["verdict"]

    def scale(self, unit: Unit | None = None) -> Scale:
        names = list(unit.order)[: self.most] if unit is not None else []
        labels = names + [ordinal(n) for n in range(len(names), self.most)]
        return Scale(level="nominal", labels=(*labels, *(f"({v})" for v in self._verdicts())))

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        if value["winner"] is not None:
            return {"": unit.order.index(value["winner"])}
        return {"": self.most + self._verdicts().index(value["verdict"])}

    def describe(self, value: Any, unit: Unit) -> str:
        if value["winner"] is None:
            return Told(WORDS[value["verdict"]][0].lower())
        return Told("{letter} is best", letter=unit.letter(value["winner"]))

    def argilla(self) -> dict[str, Any]:
        labels = [*map(ordinal, range(self.most)), *self._verdicts()]
        return {"type": "label_selection", "name": self.name, "labels": labels}

    def example(self, unit: Unit) -> Any:
        return {"winner": unit.order[0]}
