"""One comparison of two outputs: what may be answered, its words and letters, and its grade."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from core.questions.base import Parted
from core.questions.grades import Told as Words
from core.questions.grades import told
from core.telling import Told
from core.ui import Option, Ui
from core.units import Unit

TIE, BOTH_BAD = "tie", "both_bad"
WORDS = {TIE: ("Tie", "equally good"), BOTH_BAD: ("Both bad", "neither is acceptable")}


class Comparison(Parted):
    """A question whose answers compare two outputs: one wins by 0 or more steps, or neither does.

    One comparison is `{"winner": key}`, with `strength` also `"strength": 1 to n`, or `{"winner":
    null, "verdict": "tie" | "both_bad"}`. A subclass says how many comparisons it asks for.
    """

    tie: bool = Field(default=True, description="offer 'equally good'")
    both_bad: bool = Field(default=False, description="offer 'both are bad'")
    strength: int = Field(
        default=0, ge=0, le=5, description="steps of how much better; 0: not asked"
    )

    def _verdicts(self) -> list[str]:
        return [TIE] * self.tie + [BOTH_BAD] * self.both_bad

    def _options(self, ui: Ui, unit: Unit, strength: int) -> list[Option]:
        """The answers in the order shown: with `strength` from the one end to the other."""
        verdicts = [
            Option({"winner": None, "verdict": v}, *map(ui.word, WORDS[v]))
            for v in self._verdicts()
        ]
        if not strength:
            wins = [
                Option({"winner": k}, ui.word("{letter} is better", letter=unit.letter(k)))
                for k in unit.shown
            ]
            return wins + verdicts
        left, right = (
            [self._by(ui, unit, k, n) for n in range(1, strength + 1)] for k in unit.shown
        )
        return [*left[::-1], *verdicts[: self.tie], *right, *verdicts[self.tie :]]

    def _by(self, ui: Ui, unit: Unit, key: str, strength: int) -> Option:
        hint = ui.word("slightly better") if strength == 1 else ""
        hint = ui.word("much better") if strength == self.strength else hint
        value = {"winner": key, "strength": strength}
        return Option(value, f"{unit.letter(key)} +{strength}", hint)

    def _replies(self, strength: int) -> list[str]:
        if not strength:
            return ["A", "B", *self._verdicts()]
        wins = [f"{letter}{n}" for letter in "AB" for n in range(1, strength + 1)]
        return [*wins, *self._verdicts()]

    def _said(self, reply: Any, unit: Unit) -> dict[str, Any]:
        if not isinstance(reply, str):
            raise self.refuse('expected "A" or "B"')
        if reply in self._verdicts():
            return {"winner": None, "verdict": reply}
        if self.strength and len(reply) == 2 and reply[1] in "12345":
            return {"winner": self.lettered(reply[0], unit), "strength": int(reply[1])}
        return {"winner": self.lettered(reply, unit)}

    def _letter(self, value: Mapping[str, Any], unit: Unit) -> str:
        if value["winner"] is None:
            return str(value["verdict"])
        return f"{unit.letter(value['winner'])}{value.get('strength', '')}"

    def _one(self, value: Any, unit: Unit, strength: int) -> dict[str, Any]:
        if not isinstance(value, dict) or "winner" not in value:
            raise self.refuse(Told("expected the better response, a tie or both bad"))
        winner, verdict, by = value["winner"], value.get("verdict"), value.get("strength")
        if set(value) - {"winner", "verdict", "strength"}:
            raise self.refuse("expected nothing but winner and verdict")
        if winner is None and by is None and verdict in self._verdicts():
            return {"winner": None, "verdict": verdict}
        if not (isinstance(winner, str) and winner in unit.shown and verdict is None):
            raise self.refuse(f"expected one of {list(unit.shown)} or one of {self._verdicts()}")
        if not strength and by is None:
            return {"winner": winner}
        if type(by) is not int or not 1 <= by <= strength:
            raise self.refuse(f"strength: expected a whole number from 1 to {strength}")
        return {"winner": winner, "strength": by}

    def _code(self, value: Mapping[str, Any], unit: Unit) -> int:
        if value["winner"] is not None:
            return unit.order.index(value["winner"])
        return 2 + self._verdicts().index(value["verdict"])

    def _signed(self, value: Mapping[str, Any], unit: Unit) -> int | None:
        """By how much the second is better than the first; None when it was not asked or said."""
        if not self.strength or value.get("verdict") == BOTH_BAD:
            return None
        by = int(value.get("strength", 0))
        return -by if value["winner"] == unit.order[0] else by

    def _said_of(self, value: Mapping[str, Any], unit: Unit) -> str:
        if value["winner"] is None:
            return Told("tie") if value["verdict"] == TIE else Told("both bad")
        letter, by = unit.letter(value["winner"]), value.get("strength")
        if by is None:
            return Told("{letter} is better", letter=letter)
        return Told("{letter} is better by {n} of {most}", letter=letter, n=by, most=self.strength)

    def _near(self, a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
        """How much two comparisons say the same, 0 to 1.

        Without strength all or nothing. With n steps a tie stands at 0 and a win at 1 to n: 1 - the
        steps between the two / n, but 0 where each has another winner, or one finds both bad.
        """
        if a == b or not self.strength:
            return float(a == b)
        wins = {one["winner"] for one in (a, b)} - {None}
        if len(wins) > 1 or BOTH_BAD in (a.get("verdict"), b.get("verdict")):
            return 0.0
        apart = abs(int(a.get("strength", 0)) - int(b.get("strength", 0)))
        return 1 - apart / self.strength

    def _brief(self, value: Mapping[str, Any], unit: Unit) -> str | Words:
        """A comparison in a word, for lists of what differs."""
        if value["winner"] is None:
            return told("tie") if value["verdict"] == TIE else told("both bad")
        by = value.get("strength")
        return unit.letter(value["winner"]) + (f" +{by}" if by else "")
