"""Lets candidates evolve: reflect on them, mutate one or cross two, keep the better ones."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from core import sandbox
from core.apart import apart
from core.content.base import Content
from core.digest import digest
from core.sandbox import Limits
from core.units import Draft, Invalid, Unit
from core.workers.base import CannotAnswer, Endpointed, Model, workers
from core.workers.endpoint import AtEndpoint
from core.workers.novelty import Comparing
from core.workers.testing import Suite, code_in, outcomes, read_tests
from core.workers.thinker import WORDS, a_text, of

NUMBER: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 10}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One text of the population: its key, what it came from, and its fitness."""

    key: str
    text: str
    fitness: float
    facts: Mapping[str, Any]
    parent: str = ""
    call: int | None = None


@workers.register
class Evolve(Comparing):
    """`generations` of `children`, each mutated from one parent or crossed from two.

    The first parents are the outputs that it reads. Before a child is made the model reflects on
    what made its parents good or bad. `goal` is what fitness means, which the model (or
    `rater_model`) gives from 0 to 10; with `tests`, the name of a field or fact, it is ten times
    the share of these tests that the candidate passes as code, in the sandbox. A child whose
    novelty (1 - its highest cosine to all before it, by shared words or with an `embedder` by its
    embeddings) is below `least` is kept in the record and never becomes a parent. The fittest
    `survivors` become the next parents. Morris et al. (2024).
    """

    kind = "evolve"
    words = ("evolve_reflect", "evolve_mutate", "evolve_cross", "evolve_rate")
    reads: tuple[str, ...] = ("answer",)
    writes: str = "evolved"
    goal: str = "fit to what the item asks for"
    generations: int = Field(default=2, ge=1, le=20)
    children: int = Field(default=2, ge=1, le=20)
    survivors: int = Field(default=2, ge=1, le=20)
    crossing: float = Field(
        default=0.5, ge=0, le=1, description="probability that a child has two parents"
    )
    least: float = Field(default=0.05, ge=0, le=1)
    rater_model: AtEndpoint | None = None
    tests: str = ""
    entry: str = Field(
        default="entry_point", description="fact with the name of the function that the tests call"
    )
    seconds: float = Field(default=10.0, gt=0, le=600, description="how long code may run")
    temperature: float | None = Field(default=0.9, ge=0, le=2)

    def scope(self) -> Any:
        return "item"

    def models(self) -> Mapping[str, Endpointed]:
        rater = {} if self.rater_model is None else {"rater": self.rater_model}
        return {**super().models(), **rater}

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        task = self.seen(unit)
        suite = await self._suite(unit)
        chance = random.Random(digest([self.digest, unit.key, repeat]))  # noqa: S311
        alive = [
            Candidate(o.key, text, await self._fitness(text, task, llm, suite), {})
            for o in self.read(unit)
            for text in [o.content.text()]
        ]
        born: list[Candidate] = []
        known = [one.text for one in alive]
        for generation in range(1, self.generations + 1):
            parents = sorted(alive, key=lambda one: -one.fitness)[: self.survivors]
            alive = list(parents)
            for number in range(1, self.children + 1):
                child = await self._child(
                    f"g{generation}c{number}", parents, known, task, llm, chance, repeat, suite
                )
                known.append(child.text)
                born.append(child)
                if child.facts["kept"]:
                    alive.append(child)
        return [
            Draft(role=self.writes, content=a_text(one.text), parent=one.parent, key=one.key,
                  repeat=repeat, call=one.call, facts=one.facts)
            for one in born
        ]  # fmt: skip

    async def _suite(self, unit: Unit) -> Suite | None:
        """The item's tests where fitness is measured by them; raises `CannotAnswer`."""
        if not self.tests:
            return None
        if lacking := await apart(sandbox.missing):
            raise CannotAnswer(lacking)
        return await apart(read_tests, unit, self.tests, self.entry)

    async def _child(
        self, key: str, alive: Sequence[Candidate], known: Sequence[str],
        task: Sequence[tuple[str, Content]], llm: Model | None, chance: random.Random, repeat: int,
        suite: Suite | None,
    ) -> Candidate:  # fmt: skip
        cross = len(alive) > 1 and chance.random() < self.crossing
        parents = chance.sample(list(alive), 2 if cross else 1)
        material = [*task, *((f"parent {n}", a_text(p.text)) for n, p in enumerate(parents, 1))]
        rated = ", ".join(f"parent {n}: {p.fitness:g} of 10" for n, p in enumerate(parents, 1))
        salt = int(digest([key, repeat])[:7], 16)
        thought = await self.think(
            llm, "evolve_reflect", material,
            f"Goal: {self.goal}\nFitness so far: {rated}.\nReply in this form: "
            '{"reflection": "..."}', of(reflection=WORDS), repeat=salt,
        )  # fmt: skip
        reflection = thought.value["reflection"]
        reply = await self.think(
            llm, "evolve_cross" if cross else "evolve_mutate",
            [*material, ("reflection", a_text(reflection))],
            f'Goal: {self.goal}\nReply in this form: {{"text": "..."}}', of(text=WORDS),
            repeat=salt, check=lambda value: _changed(value, parents),
        )  # fmt: skip
        text = reply.value["text"]
        new = await self.novelty(llm, text, known)
        fitness = await self._fitness(text, task, llm, suite)
        facts = {
            "operator": "cross" if cross else "mutate", "parents": [p.key for p in parents],
            "reflection": reflection, "fitness": fitness, "novelty": new, "kept": new >= self.least,
            "lift": fitness - max(p.fitness for p in parents),
        }  # fmt: skip
        return Candidate(key, text, fitness, facts, parents[0].key, reply.call)

    async def _fitness(
        self, text: str, task: Sequence[tuple[str, Content]], llm: Model | None,
        suite: Suite | None,
    ) -> float:  # fmt: skip
        if suite is not None:
            limits = Limits(seconds=self.seconds, cpu=max(1, round(self.seconds)))
            tested = await apart(outcomes, code_in(text), suite, limits)
            return 10.0 * sum(test.passed for test in tested) / len(tested)
        reply = await self.think(
            llm, "evolve_rate", [*task, ("candidate", a_text(text))],
            f'Goal: {self.goal}\nReply in this form: {{"reasoning": "...", "fitness": 0 to 10}}',
            of(reasoning={"type": "string"}, fitness=NUMBER),
            to="rater" if self.rater_model is not None else "",
        )  # fmt: skip
        return float(reply.value["fitness"])


def _changed(value: Mapping[str, Any], parents: Sequence[Candidate]) -> Mapping[str, Any]:
    if any(value["text"].strip() == parent.text.strip() for parent in parents):
        raise Invalid("text", "it is the same as a parent")
    return value
