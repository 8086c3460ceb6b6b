"""The responses in order, or the best and the worst of them."""

from collections.abc import Mapping
from itertools import combinations, permutations, product
from typing import Any, Literal

from pydantic import Field

from core.questions.base import PLACE, About, Question, Scale, questions
from core.questions.grades import Grade, instead, told
from core.telling import Told
from core.ui import Ui
from core.units import Invalid, Unit

PLACES = 26
FEW = 3  # responses whose every order is listed for a model


@questions.register
class Ranking(Question):
    """The outputs of a unit from best to worst, with ties and left-out ones if wanted.

    The value is `{"order": [["b"], ["a", "c"]]}`, keys of outputs in tiers, the best first; with
    `mode: best_worst` it is `{"best": "b", "worst": "c"}`. Slot `rank` codes each output: its
    tier from 0, or 0 best, 1 neither, 2 worst.
    """

    kind = "ranking"
    about: About = "set"
    mode: Literal["order", "best_worst"] = Field(
        default="order", description="all in order, or only the best and the worst"
    )
    ties: bool = Field(default=True, description="several may share a rank")
    partial: bool = Field(default=False, description="some may stay without a rank")

    def _keys(self, unit: Unit) -> tuple[str, ...]:
        if not 2 <= len(unit.outputs) <= PLACES:
            words = "ranks 2 to {most} responses; this unit has {n}"
            raise self.refuse(Told(words, most=PLACES, n=len(unit.outputs)))
        return unit.order or unit.shown

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        self._keys(unit)
        entries = [
            {"key": o.key, "label": unit.letter(o.key), "text": o.content.text()[:160]}
            for o in unit.outputs
        ]
        return ui.tool(
            "ranking", name=self.name, title=self.title, help=self.help, required=self.required,
            value=draft, facts={"entries": entries, "mode": self.mode, "ties": self.ties,
                                "partial": self.partial},
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        lines = [self.heading()]
        if self.mode == "best_worst":
            lines.append('Answer like "best A, worst B".')
        else:
            lines.append('Answer with the letters from best to worst, like "B > A".')
        if self.ties and self.mode == "order":
            lines.append('Join those that are equally good by "=", like "A = B".')
        if self.partial:
            lines.append("Leave out those that you cannot rank.")
        elif self._few(unit):
            lines.append(f"Possible answers: {'; '.join(self._listed(unit))}.")
        return "\n".join(lines)

    def _few(self, unit: Unit) -> bool:
        return len(self._keys(unit)) <= FEW and not self.partial

    def _listed(self, unit: Unit) -> list[str]:
        letters = [unit.letter(key) for key in unit.shown]
        if self.mode == "best_worst":
            return [f"best {a}, worst {b}" for a, b in permutations(letters, 2)]
        found = {
            "".join(x for pair in zip(order, (*signs, ""), strict=True) for x in pair)
            for order in permutations(letters)
            for signs in product([" > ", " = "] if self.ties else [" > "], repeat=len(order) - 1)
        }
        one_each = {self.reply(self.check(self._read(text, unit), unit), unit) for text in found}
        return sorted(one_each)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        if self._few(unit):
            return {"enum": self._listed(unit)}
        last = unit.letter(unit.shown[-1])
        one = f"[A-{last}]"
        if self.mode == "best_worst":
            return {"type": "string", "pattern": f"^best {one}, worst {one}$"}
        sign = "[>=]" if self.ties else ">"
        return {"type": "string", "pattern": f"^{one}( {sign} {one})*$"}

    def _read(self, text: str, unit: Unit) -> dict[str, Any]:
        if self.mode == "best_worst":
            best, _, worst = text.removeprefix("best ").partition(", worst ")
            return {"best": self._at(best, unit), "worst": self._at(worst, unit)}
        tiers = [[self._at(one, unit) for one in tier.split("=")] for tier in text.split(">")]
        return {"order": tiers}

    def _at(self, letter: str, unit: Unit) -> str:
        try:
            return unit.at(letter)
        except Invalid as error:
            raise self.refuse(error.message) from None

    def read(self, reply: Any, unit: Unit) -> Any:
        return self.check(self._read(reply, unit) if isinstance(reply, str) else reply, unit)

    def reply(self, value: Any, unit: Unit) -> Any:
        if self.mode == "best_worst":
            return f"best {unit.letter(value['best'])}, worst {unit.letter(value['worst'])}"
        return " > ".join(" = ".join(sorted(map(unit.letter, tier))) for tier in value["order"])

    def check(self, value: Any, unit: Unit) -> Any:
        keys = self._keys(unit)
        if not isinstance(value, Mapping):
            raise self.refuse("expected the responses in order")
        if self.mode == "best_worst":
            return self._extremes(value, keys)
        tiers = value.get("order")
        if set(value) != {"order"} or not isinstance(tiers, list | tuple) or not tiers:
            raise self.refuse("expected `order`, a list of tiers, the best first")
        found = [self._tier(tier, keys) for tier in tiers]
        named = [key for tier in found for key in tier]
        if len(set(named)) < len(named):
            raise self.refuse("a response stands in the order twice")
        if not self.partial and len(named) < len(keys):
            left = len(keys) - len(named)
            raise self.refuse(Told("{n} of the responses have no place yet", n=left))
        return {"order": found}

    def _tier(self, tier: Any, keys: tuple[str, ...]) -> list[str]:
        one = [tier] if isinstance(tier, str) else tier
        if not isinstance(one, list | tuple) or not one:
            raise self.refuse("expected keys of responses in each tier")
        for key in one:
            if not isinstance(key, str) or key not in keys:
                raise self.refuse(f"expected keys out of {list(keys)}")
        if len(one) > 1 and not self.ties:
            raise self.refuse(Told("ties are not allowed here"))
        return sorted(one, key=keys.index)

    def _extremes(self, value: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, str]:
        best, worst = value.get("best"), value.get("worst")
        known = all(isinstance(key, str) and key in keys for key in (best, worst))
        if set(value) != {"best", "worst"} or not known or best == worst:
            raise self.refuse(Told("expected the best and another one as the worst"))
        return {"best": str(best), "worst": str(worst)}

    def cell(self, raw: Any, unit: Unit) -> Any:
        """A JSON value, or keys as text: `b > a = c`."""
        if not isinstance(raw, str):
            return self.check(raw, unit)
        if raw.lstrip()[:1] != "{" and self.mode == "order":
            return self.check(
                {"order": [[k.strip() for k in t.split("=")] for t in raw.split(">")]}, unit
            )
        return self.check(self.parsed(raw), unit)

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level="none")

    def slots(self) -> Mapping[str, Scale]:
        if self.mode == "best_worst":
            return {"rank": Scale(level="ordinal", labels=("best", "neither", "worst"))}
        return {"rank": Scale(level="ordinal", labels=tuple(f"{n + 1}." for n in range(PLACES)))}

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        if self.mode == "best_worst":
            place = {value["best"]: 0, value["worst"]: 2}
            return {f"rank{PLACE}{key}": place.get(key, 1) for key in self._keys(unit)}
        return {f"rank{PLACE}{key}": n for n, tier in enumerate(value["order"]) for key in tier}

    def distance(self, a: Any, b: Any) -> float:
        """Kendall's distance as a share of pairs: 1 for a pair turned round, half for a new tie.

        Pairs that only one of the two orders are left out; without a common pair it is 0 or 1. Of
        best and worst, half for each that differs. (Fagin and others 2004, K with penalty 1/2.)
        """
        if self.mode == "best_worst":
            return (float(a["best"] != b["best"]) + float(a["worst"] != b["worst"])) / 2
        first, second = _ranks(a), _ranks(b)
        pairs = list(combinations(sorted(set(first) & set(second)), 2))
        if not pairs:
            return float(a != b)
        total = 0.0
        for x, y in pairs:
            one, two = _sign(first[x] - first[y]), _sign(second[x] - second[y])
            total += abs(one - two) / 2
        return total / len(pairs)

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """The share of pairs that the known answer orders and this one orders alike.

        Half for a tie where there is none, or none where there is one; 0 for a pair turned round,
        and for one that has no order here. Of best and worst, half for each.
        """
        if self.mode == "best_worst":
            ends = (("best", told("the best response")), ("worst", told("the worst response")))
            wrong = [instead(what, unit.letter(known[end]), unit.letter(value[end]))
                     for end, what in ends if known[end] != value[end]]  # fmt: skip
            return Grade(1 - len(wrong) / 2, tuple(wrong))
        right, given = _ranks(known), _ranks(value)
        pairs = list(combinations(right, 2))
        if not pairs:
            return super().grade(value, known, unit)
        total, differs = 0.0, []
        for x, y in pairs:
            wanted, places = _sign(right[x] - right[y]), (given.get(x), given.get(y))
            if None not in places:
                off = abs(wanted - _sign(given[x] - given[y]))
                total += 1 - off / 2
                if not off:
                    continue
            first, other = (unit.letter(key) for key in ((x, y) if wanted <= 0 else (y, x)))
            differs.append(
                told("{first} belongs before {other}", first=first, other=other) if wanted
                else told("{first} and {other} are equal", first=first, other=other)
            )  # fmt: skip
        return Grade(total / len(pairs), tuple(differs))

    def describe(self, value: Any, unit: Unit) -> str:
        if self.mode == "best_worst":
            best, worst = unit.letter(value["best"]), unit.letter(value["worst"])
            return Told("best {best}, worst {worst}", best=best, worst=worst)
        return str(self.reply(value, unit)) or Told("nothing is ranked")

    def argilla(self) -> dict[str, Any]:
        return {"type": "ranking", "name": self.name, "title": self.title}

    def example(self, unit: Unit) -> Any:
        keys = self._keys(unit)
        if self.mode == "best_worst":
            return {"best": keys[0], "worst": keys[-1]}
        return {"order": [[key] for key in keys]}


def _ranks(value: Mapping[str, Any]) -> dict[str, int]:
    return {key: n for n, tier in enumerate(value["order"]) for key in tier}


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
