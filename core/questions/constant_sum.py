"""Points shared out among options or responses."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field, field_validator

from core.answers import path
from core.questions.base import TENTHS, About, Entry, Parted, Scale, questions, schema_of, tenth
from core.questions.choice import ordinal
from core.questions.grades import Grade, instead, told
from core.telling import Told, beside
from core.ui import Ui
from core.units import Unit

TIE = "(tie)"


@questions.register
class ConstantSum(Parted):
    """Whole points over `options` (name -> meaning), or over the unit's outputs, that add up.

    The value gives every option its points, and all of them together are `total`. The answer is
    coded by the option with the most points; each option is a slot, coded by its share in tenths.
    """

    kind = "constant_sum"
    about: About = "set"
    options: Mapping[str, str] = Field(
        default_factory=dict, description="what gets points; the unit's responses, when empty"
    )
    total: int = Field(default=100, ge=2, le=1_000_000)
    step: int = Field(default=1, ge=1, description="points per press of an arrow key")
    most: int = Field(default=4, ge=2, le=26, description="how many responses a unit may show")

    @field_validator("options", mode="before")
    @classmethod
    def _named(cls, options: Any) -> Any:
        if isinstance(options, list | tuple):
            options = {str(name): "" for name in options}
        if not isinstance(options, Mapping) or len(options) == 1 or TIE in options:
            raise ValueError("give two or more options, as a list or as name: meaning, or none")
        return {str(name): str(meaning or "") for name, meaning in options.items()}

    def _keys(self, unit: Unit) -> list[str]:
        """What gets points, in the order in which answers are kept."""
        if self.options:
            return list(self.options)
        if not 2 <= len(unit.order) <= self.most:
            raise self.refuse(
                Told(
                    "shares points among 2 to {most} responses, but this unit has {n}; set `most` "
                    "of the question", most=self.most, n=len(unit.order),
                )
            )  # fmt: skip
        return list(unit.order)

    def _words(self, unit: Unit, word: Callable[..., str] = str.format) -> dict[str, str]:
        """What each is called where it is shown, in the order shown."""
        if self.options:
            return {n: f"{n}: {m}" if m else n for n, m in self.options.items()}
        return {key: word("Response {letter}", letter=unit.letter(key)) for key in unit.shown}

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        self._keys(unit)
        given = draft if isinstance(draft, Mapping) else {}
        ui.heading(title=self.title, help=self.help, required=self.required)
        found = {
            key: ui.number(
                name=path(self.name, key), title=words, value=given.get(key), low=0,
                high=self.total, step=self.step, whole=True, part=True,
            )
            for key, words in self._words(unit, ui.word).items()
        }  # fmt: skip
        spent = sum(points for points in found.values() if points is not None)
        left = int(self.total - spent)
        if left > 0:
            ui.note(ui.word("{n} left of {total}", n=left, total=self.total))
        elif left < 0:
            ui.note(ui.word("{n} too many of {total}", n=-left, total=self.total))
        else:
            ui.note(ui.word("All {total} are given.", total=self.total))
        return self.held({k: v for k, v in found.items() if v is not None}, unit)

    def instruct(self, unit: Unit) -> str:
        names = self._replied(unit)
        lines = [
            self.heading(),
            f"Share {self.total} points out in whole numbers that add up to {self.total}.",
        ]
        meanings = {name: self.options.get(key, "") for name, key in names.items()}
        lines += [f"{name}: {meaning}" if meaning else name for name, meaning in meanings.items()]
        return "\n".join(lines)

    def _replied(self, unit: Unit) -> dict[str, str]:
        """The name under which a model gives points to each key."""
        if self.options:
            return {name: name for name in self.options}
        self._keys(unit)
        return {unit.letter(key): key for key in unit.shown}

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        points = {"type": "integer", "minimum": 0, "maximum": self.total}
        names = self._replied(unit)
        return schema_of(dict.fromkeys(names, points))

    def read(self, reply: Any, unit: Unit) -> Any:
        names = self._replied(unit)
        if not isinstance(reply, Mapping) or set(reply) - set(names):
            raise self.refuse(f"expected points for {', '.join(names)}")
        return self.check({names[name]: points for name, points in reply.items()}, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        return {name: value[key] for name, key in self._replied(unit).items()}

    def check(self, value: Any, unit: Unit) -> Any:
        keys = self._keys(unit)
        if not isinstance(value, Mapping) or not value or set(value) - set(keys):
            raise self.refuse(f"expected points for {', '.join(keys)}")
        found = {key: value.get(key, 0) for key in keys}
        for key, points in found.items():
            if isinstance(points, bool) or not isinstance(points, int) or points < 0:
                words = "{name}: expected a whole number of points from 0 up"
                raise self.refuse(Told(words, name=key))
        given = sum(found.values())
        if given != self.total:
            words = "the points add up to {n}; they must be {total}"
            raise self.refuse(Told(words, n=f"{given:,}", total=f"{self.total:,}"))
        return found

    def form(self) -> str:
        return '{"option": 60, "another": 40}'

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level="nominal", labels=(*self._slot_names(), TIE))

    def _slot_names(self) -> list[str]:
        return list(self.options) or [ordinal(n) for n in range(self.most)]

    def slots(self) -> Mapping[str, Scale]:
        return dict.fromkeys(self._slot_names(), TENTHS)

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        points = [value[key] for key in self._keys(unit)]
        names = self._slot_names()
        first = points.index(max(points))
        best = first if points.count(max(points)) == 1 else len(names)
        shares = {name: tenth(p / self.total) for name, p in zip(names, points, strict=False)}
        return {"": best, **shares}

    def distance(self, a: Any, b: Any) -> float:
        """Half the sum of the differences of the shares: 0 for equal, 1 for nothing in common."""
        return float(sum(abs(a.get(k, 0) - b.get(k, 0)) for k in {*a, *b}) / (2 * self.total))

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """The share of the points that lie where the known answer has them."""
        names = {
            key: key if self.options else told("Response {letter}", letter=unit.letter(key))
            for key in known
        }
        differs = [instead(names[key], points, value.get(key, 0)) for key, points in known.items()
                   if points != value.get(key, 0)]  # fmt: skip
        return Grade(1 - self.distance(value, known), tuple(differs))

    def entry(self) -> Entry:
        return "typing"

    def waiting(self, unit: Unit, draft: Any) -> str:
        return ""

    def describe(self, value: Any, unit: Unit) -> str:
        words = self._words(unit, Told)
        return beside([
            Told("{what} {n}", what=key if self.options else words[key], n=value[key])
            for key in words if key in value
        ])  # fmt: skip

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name}

    def example(self, unit: Unit) -> Any:
        keys = self._keys(unit)
        return {key: self.total if key == keys[0] else 0 for key in keys}
