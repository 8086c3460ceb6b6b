"""Which of two is better, by how much, and in which respects."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from core.answers import path
from core.questions.base import About, Entry, Scale, questions, schema_of
from core.questions.comparison import TIE, Comparison
from core.questions.grades import Grade, instead, told
from core.telling import Told, several
from core.ui import Ui
from core.units import Unit

__all__ = ["TIE", "Pairwise"]
STRENGTH = "strength"


@questions.register
class Pairwise(Comparison):
    """The better of two outputs, with an optional tie and an optional "both bad".

    The value is `{"winner": key}`, or `{"winner": null, "verdict": "tie" | "both_bad"}`. Codes
    follow the study's own order of the two, not the order shown: 0 first, 1 second, 2 tie,
    3 both bad.

    With `strength` n a winner wins by 1 to n (`{"winner": key, "strength": 2}`), and the slot
    "strength" is coded from -n (the first by far) over 0 (a tie) to n. With `dimensions` (name ->
    meaning) the two are compared in each respect as well: `{"winner": key, "dimensions": {name:
    {"winner": key}}}`; each dimension is a slot, coded like the answer.
    """

    kind = "pairwise"
    about: About = "pair"
    dimensions: Mapping[str, str] = Field(
        default_factory=dict, description="respects in which the two are compared as well"
    )

    @field_validator("dimensions", mode="before")
    @classmethod
    def _named(cls, raw: Any) -> Any:
        raw = dict.fromkeys(map(str, raw), "") if isinstance(raw, list | tuple) else raw
        if not isinstance(raw, Mapping) or STRENGTH in raw or "" in raw:
            raise ValueError(f"give dimensions as name: meaning; none may be called {STRENGTH!r}")
        return {str(name): str(meaning or "") for name, meaning in raw.items()}

    @property
    def simple(self) -> bool:
        """Whether the winner alone is the whole answer."""
        return not self.strength and not self.dimensions

    def _pair(self, unit: Unit) -> None:
        if (many := len(unit.outputs)) != 2:
            raise self.refuse(Told("compares two responses, but this unit has {n}", n=many))

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        self._pair(unit)
        if not self.dimensions:
            return ui.choose(
                name=self.name, title=self.title, options=self._options(ui, unit, self.strength),
                value=draft, help=self.help, required=self.required, scale=bool(self.strength),
            )  # fmt: skip
        given = draft if isinstance(draft, Mapping) else {}
        found = self._drafted(given)
        ui.heading(title=self.title, help=self.help, required=self.required)
        overall = ui.choose(
            name=path(self.name, "overall"), title=ui.word("Overall"), value=found.get("overall"),
            options=self._options(ui, unit, self.strength), scale=bool(self.strength), part=True,
        )  # fmt: skip
        parts = {
            name: ui.choose(
                name=path(self.name, "dimensions", name), title=name, help=meaning, part=True,
                value=found["dimensions"].get(name), options=self._options(ui, unit, 0),
            )
            for name, meaning in self.dimensions.items()
        }  # fmt: skip
        parts = {name: answer for name, answer in parts.items() if answer is not None}
        if overall is None and not parts:
            return None
        return self.held({"overall": overall, "dimensions": parts}, unit)

    def _drafted(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parts of a value or draft: `overall` and `dimensions`."""
        overall = given.get("overall")
        if overall is None:
            held = {k: v for k, v in given.items() if k in {"winner", "verdict", "strength"}}
            overall = held or None
        parts = given.get("dimensions")
        return {"overall": overall, "dimensions": parts if isinstance(parts, Mapping) else {}}

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading(), 'Answer "A" or "B" for the better response.']
        if self.strength:
            top = self.strength
            lines[1] = (
                f'Answer "A1" to "A{top}" or "B1" to "B{top}": the letter of the better response, '
                f"then by how much it is better, from 1 (slightly) to {top} (by far)."
            )
        if self.tie:
            lines.append('Answer "tie" when they are equally good.')
        if self.both_bad:
            lines.append('Answer "both_bad" when neither is acceptable.')
        if self.dimensions:
            lines.append('Compare them overall, then (with "A" or "B" alone) in each dimension:')
            lines += [f"{n}: {m}" if m else n for n, m in self.dimensions.items()]
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        overall = {"enum": self._replies(self.strength)}
        if not self.dimensions:
            return overall
        parts = schema_of({name: {"enum": self._replies(0)} for name in self.dimensions})
        return schema_of({"overall": overall, "dimensions": parts})

    def read(self, reply: Any, unit: Unit) -> Any:
        if not self.dimensions:
            return self.check(self._said(reply, unit), unit)
        if not isinstance(reply, Mapping) or not isinstance(reply.get("dimensions"), Mapping):
            raise self.refuse("expected the overall answer and one for each dimension")
        parts = {name: self._said(said, unit) for name, said in reply["dimensions"].items()}
        overall = self._said(reply.get("overall"), unit)
        return self.check({"overall": overall, "dimensions": parts}, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        if not self.dimensions:
            return self._letter(value, unit)
        parts = {n: self._letter(v, unit) for n, v in value["dimensions"].items()}
        return {"overall": self._letter(value, unit), "dimensions": parts}

    def check(self, value: Any, unit: Unit) -> Any:
        self._pair(unit)
        if not self.dimensions:
            return self._one(value, unit, self.strength)
        if not isinstance(value, Mapping):
            raise self.refuse("expected the better response, and one for each dimension")
        if set(value) - {"winner", "verdict", "strength", "overall", "dimensions"}:
            raise self.refuse("expected nothing but the overall answer and the dimensions")
        found = self._drafted(value)
        if set(found["dimensions"]) - set(self.dimensions):
            raise self.refuse(f"the dimensions are {', '.join(self.dimensions)}")
        parts = {}
        for name in self.dimensions:
            if found["dimensions"].get(name) is None:
                raise self.refuse(Told("{name}: an answer is needed", name=name))
            parts[name] = self._one(found["dimensions"][name], unit, 0)
        return {**self._one(found["overall"], unit, self.strength), "dimensions": parts}

    def cell(self, raw: Any, unit: Unit) -> Any:
        if self.dimensions or not isinstance(raw, str):
            return super().cell(raw, unit)
        if raw in unit.shown:
            return self.check({"winner": raw}, unit)
        if raw in self._verdicts():
            return {"winner": None, "verdict": raw}
        winner, _, by = raw.rpartition(" +")
        if self.strength and by.isdecimal() and len(by) == 1:
            return self.check({"winner": winner, "strength": int(by)}, unit)
        return self.check(raw, unit)

    def plain(self, value: Any) -> Any:
        if self.dimensions:
            return super().plain(value)
        if value["winner"] is None:
            return value["verdict"]
        return f"{value['winner']} +{value['strength']}" if self.strength else value["winner"]

    def scale(self, unit: Unit | None = None) -> Scale:
        names = list(unit.order) if unit is not None and len(unit.order) == 2 else ["1st", "2nd"]
        labels = [f"{n} better" for n in names] + ["tie"] * self.tie + ["both bad"] * self.both_bad
        return Scale(level="nominal", labels=tuple(labels))

    def slots(self) -> Mapping[str, Scale]:
        found = dict.fromkeys(self.dimensions, self.scale())
        if self.strength:
            labels = tuple(
                f"{n:+d}" if n else "0" for n in range(-self.strength, self.strength + 1)
            )
            found[STRENGTH] = Scale(level="ordinal", labels=labels)
        return found

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        found = {"": self._code(value, unit)}
        found |= {n: self._code(v, unit) for n, v in value.get("dimensions", {}).items()}
        by = self._signed(value, unit)
        return found if by is None else {**found, STRENGTH: by + self.strength}

    def entry(self) -> Entry:
        return "presses" if self.dimensions else "press"

    def waiting(self, unit: Unit, draft: Any) -> str:
        if not self.dimensions:
            return super().waiting(unit, draft)
        found = self._drafted(draft if isinstance(draft, Mapping) else {})
        if found["overall"] is None:
            return path(self.name, "overall")
        left = [n for n in self.dimensions if found["dimensions"].get(n) is None]
        return path(self.name, "dimensions", left[0]) if left else ""

    def distance(self, a: Any, b: Any) -> float:
        """1 - the mean of how near the two are overall and in each dimension."""
        near = [self._near(_overall(a), _overall(b))]
        near += [float(a["dimensions"][n] == b["dimensions"][n]) for n in self.dimensions]
        return 1 - sum(near) / len(near)

    def partly(self) -> bool:
        return not self.simple

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """The mean over the overall answer and each dimension.

        A winner with another strength is right by how near that is, all else wholly or not at all.
        """
        if self.simple:
            return super().grade(value, known, unit)
        pairs: list[tuple[Any, Any, Any]] = [(told("Overall"), _overall(known), _overall(value))]
        pairs += [(name, known["dimensions"][name], value["dimensions"][name])
                  for name in self.dimensions]  # fmt: skip
        differs = [instead(name, self._brief(right, unit), self._brief(given, unit))
                   for name, right, given in pairs if given != right]  # fmt: skip
        return Grade(1 - self.distance(value, known), tuple(differs))

    def describe(self, value: Any, unit: Unit) -> str:
        own = value.get("dimensions", {})
        parts = {name: self._said_of(own[name], unit) for name in self.dimensions if name in own}
        said = [Told("{what}: {words}", what=name, words=words) for name, words in parts.items()]
        return several([self._said_of(value, unit), *said])

    def argilla(self) -> dict[str, Any]:
        labels = ["first", "second", *self._verdicts()]
        return {"type": "label_selection", "name": self.name, "labels": labels}

    def example(self, unit: Unit) -> Any:
        winner = {"winner": unit.order[0]}
        overall = {**winner, "strength": self.strength} if self.strength else winner
        if not self.dimensions:
            return overall
        return {**overall, "dimensions": {n: dict(winner) for n in self.dimensions}}


def _overall(value: Mapping[str, Any]) -> dict[str, Any]:
    """A whole answer without its dimensions."""
    return {name: said for name, said in value.items() if name != "dimensions"}
