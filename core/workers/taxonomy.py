"""One hierarchy of topics over all items of a study, and the place of each item in it."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.units import Draft, Invalid, Unit
from core.workers.base import CannotAnswer, Model, workers
from core.workers.match import numbered
from core.workers.thinker import WHOLE, WORDS, Thinker, a_text, many, of
from core.workers.topics import LEFT, SORTED, checked

WIDTH = 8


class Topic(BaseModel):
    """A topic: its `name`, `about` (what belongs to it), and `parts` (the names of its parts)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    about: str = Field(default="", max_length=1000)
    parts: tuple[str, ...] = Field(default=(), max_length=50)


Tree = tuple[Topic, ...]
MERGED = many(of(name=WORDS, about={"type": "string"}, parts=many(WORDS)), 1)


@workers.register
class Taxonomy(Thinker):
    """Places every item of a study in one hierarchy of topics, made from a sample of the items.

    The sample (`survey` items, drawn by their keys and `seed`) is sorted in batches of `batch`;
    what the batches found is merged, eight lists at a time, until there is one hierarchy of at most
    `most` topics; then each item gets at most `labels` places in it. The first hierarchy that was
    stored is the one for all items, also those that come later. `topics` are settled by people, and
    nothing is made then. Samples of one item share the hierarchy. After Zhang et al. (2024).
    """

    kind = "taxonomy"
    words = ("topics", "taxonomy_merge", "taxonomy_assign")
    writes: str = "topics"
    survey: int = Field(default=100, ge=2, le=2000)
    batch: int = Field(default=25, ge=2, le=200)
    most: int = Field(default=12, ge=1, le=50)
    labels: int = Field(default=1, ge=1, le=20)
    seed: int = 0
    topics: tuple[Topic, ...] = ()

    def scope(self) -> Any:
        return "item"

    def surveys(self) -> int:
        return 0 if self.topics else self.survey

    def excerpt(self, unit: Unit) -> str:
        return " ".join(" ".join(c.text() for _, c in self.seen(unit)).split())

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        text = self.excerpt(unit)
        if not text:
            raise CannotAnswer("the item has no text to place")
        tree = await self._tree(unit, llm)
        reply = await self.think(
            llm, "taxonomy_assign", [("topics", a_text(listed(tree))), ("text", a_text(text))],
            f"Give the text at most {self.labels} of these places. Reply in this form: "
            '{"places": [{"topic": 1, "part": 2}]}; `part` is 0 for the topic as a whole, and the '
            "list is empty when nothing fits.",
            of(places=many(of(topic=WHOLE, part=WHOLE), 0, self.labels)), repeat=repeat,
            check=lambda value: _paths(value["places"], tree),
        )  # fmt: skip
        paths = reply.value
        inside = {path[0] for path in paths}
        facts = {
            "taxonomy": [topic.model_dump(mode="json") for topic in tree], "paths": paths,
            "placed": bool(paths), **{f"in {t.name}": t.name in inside for t in tree},
        }  # fmt: skip
        said = "\n".join(" > ".join(path) for path in paths) or LEFT
        return [self.wrote(said, reply, repeat=repeat, facts=facts)]

    @cached_property
    def _turn(self) -> asyncio.Lock:
        return asyncio.Lock()

    async def _tree(self, unit: Unit, llm: Model) -> Tree:
        """The hierarchy: settled, stored before, or made; one task makes it, the ledger has it."""
        stored = unit.settled.get("taxonomy") or ()
        if self.topics or stored:
            return self.topics or tuple(Topic.model_validate(topic) for topic in stored)
        texts = [text for text in unit.drawn if text]
        if len(texts) < 2:
            raise CannotAnswer("a hierarchy takes at least two items with a text")
        async with self._turn:
            batches = [texts[n : n + self.batch] for n in range(0, len(texts), self.batch)]
            found = [await self._drafted(batch, llm) for batch in batches]
            first = True
            while first or len(found) > 1:
                groups = [found[n : n + WIDTH] for n in range(0, len(found), WIDTH)]
                merged = [await self._merged(group, llm) for group in groups]
                found, first = [listed(tree) for tree in merged], False
        return merged[0]

    async def _drafted(self, texts: Sequence[str], llm: Model) -> str:
        """The topics of a batch, as a list for the merger."""
        part = of(name=WORDS, texts=many(WHOLE))
        topic = of(name=WORDS, texts=many(WHOLE), parts=many(part))
        reply = await self.think(
            llm, "topics", [("texts", a_text(numbered(texts)))],
            f"Sort the texts 1 to {len(texts)} into at most {self.most} topics. {SORTED}",
            of(topics=many(topic, 1, self.most)),
            check=lambda value: checked(value, len(texts)),
        )  # fmt: skip
        lines = []
        for one in reply.value:
            lines.append(f"- {one['name']} ({len(one['texts'])} texts)")
            lines += [f"  - {p['name']} ({len(p['texts'])} texts)" for p in one["parts"]]
        return "\n".join(lines)

    async def _merged(self, lists: Sequence[str], llm: Model) -> Tree:
        material = [(f"list {n}", a_text(text)) for n, text in enumerate(lists, 1)]
        reply = await self.think(
            llm, "taxonomy_merge", material,
            f"Make one hierarchy of at most {self.most} topics. Reply in this form: "
            '{"topics": [{"name": "...", "about": "...", "parts": ["...", "..."]}]}',
            of(topics={**MERGED, "maxItems": self.most}),
            check=lambda value: _distinct(value["topics"]),
        )  # fmt: skip
        tree: Tree = reply.value
        return tree


def listed(tree: Sequence[Topic]) -> str:
    """A hierarchy as numbered lines."""
    lines = []
    for place, topic in enumerate(tree, 1):
        lines.append(f"{place}. {topic.name}{f': {topic.about}' if topic.about else ''}")
        lines += [f"   {place}.{n} {part}" for n, part in enumerate(topic.parts, 1)]
    return "\n".join(lines)


def _distinct(given: Sequence[Mapping[str, Any]]) -> Tree:
    """The topics of a reply; raises `Invalid` where two have one name, or a name is empty."""
    found = []
    for topic in given:
        names = [" ".join(name.split()) for name in (topic["name"], *topic["parts"])]
        folded = [name.casefold() for name in names]
        if not all(names) or len(set(folded)) < len(folded) or len(names) > 51:
            raise Invalid("topics", f"{names[0]!r}: a name is empty or there twice")
        found.append(Topic(name=names[0][:200], about=topic["about"][:1000], parts=names[1:]))
    if len({topic.name.casefold() for topic in found}) < len(found):
        raise Invalid("topics", "two topics have the same name")
    return tuple(found)


def _paths(places: Sequence[Mapping[str, int]], tree: Tree) -> list[list[str]]:
    """The places by name, without repetition; raises `Invalid` for one that does not exist."""
    found: list[list[str]] = []
    for place in places:
        if not 1 <= place["topic"] <= len(tree):
            raise Invalid("places", f"there is no topic {place['topic']}")
        topic = tree[place["topic"] - 1]
        if not 0 <= place["part"] <= len(topic.parts):
            raise Invalid("places", f"topic {place['topic']} has no part {place['part']}")
        path = [topic.name, *([topic.parts[place["part"] - 1]] if place["part"] else [])]
        found += [path] if path not in found else []
    return found
