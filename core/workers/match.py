"""Finds which points of one list say the same as points of another."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Any

from pydantic import Field

from core.statistics.overlap import overlap
from core.units import Draft, Invalid, Unit
from core.workers.base import CannotAnswer, Model, workers
from core.workers.thinker import WHOLE, WORDS, Thinker, a_text, many, of


@workers.register
class Match(Thinker):
    """The pairs of points, one out of each of two lists, that say the same, with a likeness.

    A list is an output with one point a line; every two of the lists that the item has are
    compared. Likeness goes from 5 to 10 and pairs from `least` up count. The facts hold every
    pair, and how far the lists overlap. Liang et al. (2024).
    """

    kind = "match"
    words = ("match",)
    reads: tuple[str, ...] = ("points",)
    writes: str = "match"
    least: int = Field(default=7, ge=5, le=10)

    def scope(self) -> Any:
        return "item"

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        lists = self.read(unit)
        if len(lists) < 2:
            raise CannotAnswer("matching takes two lists of points, and the item has one")
        drafts = []
        for first, second in combinations(lists, 2):
            a, b = points(first.content.text()), points(second.content.text())
            if not a or not b:
                continue
            reply = await self.think(
                llm, "match", [("list A", a_text(numbered(a))), ("list B", a_text(numbered(b)))],
                'Reply in this form: {"pairs": [{"a": 1, "b": 2, "why": "...", "likeness": 5 to '
                "10}]}; an empty list when nothing matches.",
                of(pairs=many(of(a=WHOLE, b=WHOLE, why=WORDS, likeness=WHOLE))), repeat=repeat,
                check=partial(_pairs, first=len(a), second=len(b)),
            )  # fmt: skip
            kept = [(p["a"], p["b"]) for p in reply.value if p["likeness"] >= self.least]
            facts = {
                "pairs": reply.value, "first": first.key, "second": second.key,
                "least": self.least, **overlap(len(a), len(b), kept).data(),
            }  # fmt: skip
            said = "\n".join(
                f"{p['likeness']}: {a[p['a']]} = {b[p['b']]}" for p in reply.value
            ) or "Nothing matches."  # fmt: skip
            drafts.append(self.wrote(
                said, reply, parent=first.key, key=f"{first.key}~{second.key}", repeat=repeat,
                facts=facts,
            ))  # fmt: skip
        if not drafts:
            raise CannotAnswer("no two of the lists hold a point each")
        return drafts


def points(text: str) -> list[str]:
    """The points of a list: its lines that are not empty."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def numbered(lines: Sequence[str]) -> str:
    """The lines with their numbers, from 1."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _pairs(value: Mapping[str, Any], first: int, second: int) -> list[dict[str, Any]]:
    """The pairs by place from 0; raises `Invalid` for numbers that are not in the lists."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for pair in value["pairs"]:
        if not (1 <= pair["a"] <= first and 1 <= pair["b"] <= second):
            raise Invalid("pairs", f"there is no pair of A {pair['a']} and B {pair['b']}")
        if not 5 <= pair["likeness"] <= 10:
            raise Invalid("likeness", f"expected 5 to 10, found {pair['likeness']}")
        place = (pair["a"] - 1, pair["b"] - 1)
        if place in found:
            raise Invalid("pairs", f"A {pair['a']} and B {pair['b']} are there twice")
        found[place] = {**pair, "a": place[0], "b": place[1]}
    return list(found.values())
