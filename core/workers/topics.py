"""Sorts the texts of a collection into topics and parts of topics."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core.content.tree import Tree
from core.statistics.hierarchy import coverage
from core.units import Draft, Invalid, Unit
from core.workers.base import CannotAnswer, Model, workers
from core.workers.match import numbered
from core.workers.thinker import WHOLE, WORDS, Thinker, a_text, many, of

LEFT = "Uncategorized"
SORTED = (
    'Reply in this form: {"topics": [{"name": "...", "texts": [1], "parts": [{"name": "...", '
    '"texts": [2, 3]}]}]}; `texts` of a topic are those that belong to none of its parts.'
)


@workers.register
class Topics(Thinker):
    """A hierarchy of topics over the texts of an item, each text by its number.

    The texts are the lines of the outputs that it reads, or the segments of the item's field
    `texts`. `known` are topics that people have settled on: they are used as they are, and new
    ones are added only for what fits none. Texts that no topic takes are listed as left over;
    `coverage` in the facts is the share that has a place. Hsu et al. (2024).
    """

    kind = "topics"
    words = ("topics",)
    reads: tuple[str, ...] = ()
    writes: str = "topics"
    texts: str = "texts"
    known: tuple[str, ...] = ()
    most: int = Field(default=5, ge=1, le=50, description="how many topics a level may have")

    def scope(self) -> Any:
        return "item"

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        texts = self._texts(unit)
        part = of(name=WORDS, texts=many(WHOLE))
        topic = of(name=WORDS, texts=many(WHOLE), parts=many(part))
        reply = await self.think(
            llm, "topics", [("texts", a_text(numbered(texts)))], self._closing(len(texts)),
            of(topics=many(topic, 1, self.most + len(self.known))), repeat=repeat,
            check=lambda value: checked(value, len(texts)),
        )  # fmt: skip
        tree = reply.value
        placed = coverage(tree, len(texts))
        left = sorted(set(range(len(texts))) - placed.places)
        facts = {
            "topics": tree, "texts": len(texts), "placed": len(placed.places),
            "coverage": placed.value, "left": left,
        }  # fmt: skip
        outline = _outline(tree, texts, left)
        return [Draft(
            role=self.writes, content=outline, call=reply.call, repeat=repeat, facts=facts
        )]  # fmt: skip

    def _texts(self, unit: Unit) -> list[str]:
        if self.reads:
            lines = [line for o in self.read(unit) for line in o.content.text().splitlines()]
            found = [" ".join(line.split()) for line in lines if line.strip()]
        else:
            content = unit.fields.get(self.texts)
            if content is None:
                raise CannotAnswer(f"the item has no field called {self.texts!r}")
            found = [" ".join(s.text.split()) for s in content.segments() if s.text.strip()]
        if len(found) < 2:
            raise CannotAnswer("sorting into topics takes at least two texts")
        return found

    def _closing(self, texts: int) -> str:
        settled = "; ".join(self.known)
        first = f"Topics that are settled: {settled}.\n" if settled else ""
        return (
            f"{first}Sort the texts 1 to {texts} into at most {self.most} "
            f"{'further ' if settled else ''}topics. {SORTED}"
        )


def checked(value: Mapping[str, Any], texts: int) -> list[dict[str, Any]]:
    """The topics with places from 0; raises `Invalid` for texts or names that are not right."""
    found, names = [], set()
    for topic in value["topics"]:
        name = " ".join(topic["name"].split())
        if not name or name.casefold() in names:
            raise Invalid("topics", f"the topic {name!r} is there twice, or has no name")
        names.add(name.casefold())
        parts = [
            {"name": " ".join(part["name"].split()), "texts": _places(part["texts"], texts)}
            for part in topic["parts"]
        ]
        found.append({"name": name, "texts": _places(topic["texts"], texts), "parts": parts})
    return found


def _places(numbers: Sequence[int], texts: int) -> list[int]:
    for number in numbers:
        if not 1 <= number <= texts:
            raise Invalid("texts", f"there is no text {number}")
    return sorted({number - 1 for number in numbers})


def _outline(tree: Sequence[Mapping[str, Any]], texts: Sequence[str], left: Sequence[int]) -> Tree:
    """The topics as a hierarchy that ends in the texts, and those that are left over."""

    def leaves(places: Sequence[int]) -> list[dict[str, Any]]:
        return [{"label": texts[place]} for place in places]

    nodes = [
        {"label": topic["name"], "children": [
            *leaves(topic["texts"]),
            *({"label": part["name"], "children": leaves(part["texts"])}
              for part in topic["parts"]),
        ]}
        for topic in tree
    ]  # fmt: skip
    return Tree.parse(nodes + ([{"label": LEFT, "children": leaves(left)}] if left else []))
