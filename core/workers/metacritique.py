"""A model that checks the critiques of several critics, claim by claim, and keeps the good ones."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from core.content.critique import Critique
from core.content.text import TextContent
from core.units import Draft, Invalid, Unit
from core.workers.asking import Asking
from core.workers.base import CannotAnswer, Model, workers
from core.workers.thinker import WORDS, many, of

QUALITIES = {
    "right": "it holds, and it matters",
    "partly right": "there is a fault here, but the claim describes it wrongly or too broadly",
    "wrong": "what it says does not hold",
    "trivial": "it holds, but nobody would be served by mending it",
    "vague": "it cannot be told what would have to be mended",
    "repeated": "an earlier claim says the same",
    "beside the point": "it is about something that the request does not ask for",
}


@workers.register
class Metacritique(Asking):
    """Labels every claim of all critiques of an output with its quality, and keeps the good.

    `qualities` are the labels with their meanings, `keep` those whose claims stay. What it writes
    is one critique that holds the claims kept, each with its label and the reason; those dropped
    are in its facts. After Lan et al. (2024).
    """

    kind = "metacritique"
    words = ("metacritique",)
    reads: tuple[str, ...] = ("critique", "answer")
    writes: str = "reviewed critique"
    qualities: Mapping[str, str] = Field(default_factory=lambda: dict(QUALITIES), min_length=2)
    keep: tuple[str, ...] = Field(default=("right", "partly right"), min_length=1)

    @model_validator(mode="after")
    def _kept(self) -> "Metacritique":
        odd = sorted(set(self.keep) - set(self.qualities))
        if odd:
            raise ValueError(f"keep names a label that is not among the qualities: {odd[0]!r}")
        if len(self.reads) < 2:
            raise ValueError("reads the critiques and, last, what they are about")
        return self

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        about = unit.of_role(self.reads[-1])
        critiques = [o for o in unit.of_role(*self.reads[:-1]) if isinstance(o.content, Critique)]
        claims = [
            (o.key, n, claim)
            for o in critiques if isinstance(o.content, Critique)
            for n, claim in enumerate(o.content.claims)
        ]  # fmt: skip
        if len(about) != 1 or not critiques:
            raise CannotAnswer("needs one response and critiques of it")
        if not claims:
            empty = Critique.parse({"summary": "No critic found a fault.", "claims": []})
            return [Draft(role=self.writes, content=empty, parent=about[0].key, repeat=repeat,
                          facts={"judged": [], "failed": 0})]  # fmt: skip
        listed = "\n\n".join(f"{n}. {_said(claim)}" for n, (_, _, claim) in enumerate(claims, 1))
        material = [
            *self.seen(unit), ("response", about[0].content), ("claims", TextContent(listed))
        ]  # fmt: skip
        entry = of(number={"type": "integer"}, why=WORDS,
                   label={"type": "string", "enum": list(self.qualities)})  # fmt: skip
        reply = await self.think(
            llm, "metacritique", material, _closing(len(claims)),
            of(claims=many(entry, len(claims), len(claims)), summary=WORDS), repeat=repeat,
            check=lambda value: _numbered(value, len(claims)),
            labels="\n".join(f"- {name}: {said}" for name, said in self.qualities.items()),
        )  # fmt: skip
        return [self._draft(reply.value, claims, about[0].key, repeat, reply.call)]

    def _draft(
        self, told: Mapping[str, Any], claims: list[tuple[str, int, dict[str, Any]]], parent: str,
        repeat: int, call: int | None,
    ) -> Draft:  # fmt: skip
        kept, every = [], []
        for (key, place, claim), said in zip(claims, told["claims"], strict=True):
            every.append({"critique": key, "claim": place, "quality": said["label"],
                          "why": said["why"]})  # fmt: skip
            if said["label"] in self.keep:
                kept.append({**claim, "quality": said["label"], "why": said["why"]})
        content = Critique.parse({"summary": told["summary"], "claims": kept})
        facts = {"judged": every, "failed": len(kept), "dropped": len(every) - len(kept)}
        return Draft(
            role=self.writes, content=content, parent=parent, facts=facts, repeat=repeat, call=call
        )


def _said(claim: Mapping[str, Any]) -> str:
    quote = f"\nAbout the passage: {claim['quote']}" if claim.get("quote") else ""
    return f"{claim['text']}{quote}"


def _numbered(value: Mapping[str, Any], count: int) -> Mapping[str, Any]:
    """The reply with its labels in order of the claims; raises `Invalid` unless each has one."""
    found = {entry["number"]: entry for entry in value["claims"]}
    if sorted(found) != list(range(1, count + 1)) or len(value["claims"]) != count:
        raise Invalid("claims", f"expected one label for each of the claims 1 to {count}")
    return {**value, "claims": [found[n] for n in range(1, count + 1)]}


def _closing(count: int) -> str:
    return (
        'Reply in this form: {"claims": [{"number": 1, "why": "...", "label": "..."}, ...], '
        f'"summary": "..."}}, with one entry for each of the claims 1 to {count}.'
    )
