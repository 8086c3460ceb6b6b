"""Which of two is better."""

from typing import Any

from core.questions.base import About, Question, Scale, questions
from core.ui import Option, Ui
from core.units import Unit

TIE, BOTH_BAD = "tie", "both_bad"


@questions.register
class Pairwise(Question):
    """The better of two outputs, with an optional tie and an optional "both bad".

    The value is `{"winner": key}`, or `{"winner": null, "verdict": "tie" | "both_bad"}`. Codes
    follow the study's own order of the two, not the order shown: 0 first, 1 second, 2 tie,
    3 both bad.
    """

    kind = "pairwise"
    about: About = "pair"
    tie: bool = True
    both_bad: bool = False

    def _verdicts(self) -> list[str]:
        return [TIE] * self.tie + [BOTH_BAD] * self.both_bad

    def _pair(self, unit: Unit) -> None:
        if len(unit.outputs) != 2:
            raise self.refuse(f"compares two responses, but this unit has {len(unit.outputs)}")

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        self._pair(unit)
        words = {TIE: ("Tie", "equally good"), BOTH_BAD: ("Both bad", "neither is acceptable")}
        options = [
            Option({"winner": key}, f"{unit.letter(key)} is better") for key in unit.shown
        ] + [Option({"winner": None, "verdict": v}, *words[v]) for v in self._verdicts()]
        return ui.choose(
            name=self.name, title=self.title, options=options, value=draft, help=self.help,
            required=self.required,
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading(), 'Answer "A" or "B" for the better response.']
        if self.tie:
            lines.append('Answer "tie" when they are equally good.')
        if self.both_bad:
            lines.append('Answer "both_bad" when neither is acceptable.')
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        return {"enum": ["A", "B", *self._verdicts()]}

    def read(self, reply: Any, unit: Unit) -> Any:
        if reply in self._verdicts():
            return {"winner": None, "verdict": reply}
        if not isinstance(reply, str):
            raise self.refuse('expected "A" or "B"')
        return self.check({"winner": unit.at(reply)}, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        return value["verdict"] if value["winner"] is None else unit.letter(value["winner"])

    def check(self, value: Any, unit: Unit) -> Any:
        self._pair(unit)
        if not isinstance(value, dict) or "winner" not in value:
            raise self.refuse("expected the better response, a tie or both bad")
        winner, verdict = value["winner"], value.get("verdict")
        if set(value) - {"winner", "verdict"}:
            raise self.refuse("expected nothing but winner and verdict")
        if winner is None and isinstance(verdict, str) and verdict in self._verdicts():
            return {"winner": None, "verdict": verdict}
        if isinstance(winner, str) and winner in unit.shown and verdict is None:
            return {"winner": winner}
        raise self.refuse(f"expected one of {list(unit.shown)} or one of {self._verdicts()}")

    def cell(self, raw: Any, unit: Unit) -> Any:
        if isinstance(raw, str) and raw in unit.shown:
            return {"winner": raw}
        if isinstance(raw, str) and raw in self._verdicts():
            return {"winner": None, "verdict": raw}
        return self.check(raw, unit)

    def plain(self, value: Any) -> Any:
        return value["winner"] if value["winner"] is not None else value["verdict"]

    def scale(self, unit: Unit | None = None) -> Scale:
        names = list(unit.order) if unit is not None and len(unit.order) == 2 else ["1st", "2nd"]
        labels = [f"{n} better" for n in names] + ["tie"] * self.tie + ["both bad"] * self.both_bad
        return Scale(level="nominal", labels=tuple(labels))

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        if value["winner"] is not None:
            return {"": unit.order.index(value["winner"])}
        return {"": 2 + self._verdicts().index(value["verdict"])}

    def describe(self, value: Any, unit: Unit) -> str:
        if value["winner"] is None:
            return "tie" if value["verdict"] == TIE else "both bad"
        return f"{unit.letter(value['winner'])} is better"

    def argilla(self) -> dict[str, Any]:
        labels = ["first", "second", *self._verdicts()]
        return {"type": "label_selection", "name": self.name, "labels": labels}

    def example(self, unit: Unit) -> Any:
        return {"winner": unit.order[0]}
