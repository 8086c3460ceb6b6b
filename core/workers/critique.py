"""A model that criticises a response: claims, each anchored to the passage that it attacks."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from core.content.critique import Critique as CritiqueContent
from core.content.critique import anchored
from core.units import Draft, Invalid, Shown, Unit
from core.workers.asking import Asking
from core.workers.base import CannotAnswer, Model, workers
from core.workers.thinker import WORDS, many, of

KINDS = {
    "error": "something in it is wrong",
    "reasoning": "a step does not follow from what stands before it",
    "omission": "something that the request demands is absent",
    "unclear": "a passage misleads or cannot be understood",
}
TEXT = {"type": "string"}


@workers.register
class Critique(Asking):
    """Criticises each output of the last role in `reads`, by each of its models.

    `pairs` says who criticises what: each critic everything, `self` what its own model wrote,
    `cross` what other models wrote. `kinds` names the kinds of claims with their meanings; those in
    `whole` need no passage, every other claim must quote one that is really there, or the reply
    does not count. `verdicts` are the verdicts on the whole response, the first that of one without
    faults.
    """

    kind = "critique"
    words = ("critique",)
    reads: tuple[str, ...] = ("answer",)
    writes: str = "critique"
    pairs: Literal["all", "self", "cross"] = "all"
    kinds: Mapping[str, str] = Field(default_factory=lambda: dict(KINDS), min_length=1)
    whole: tuple[str, ...] = ("omission",)
    verdicts: tuple[str, ...] = Field(default=("correct", "incorrect"), min_length=2)
    most: int = Field(default=8, ge=1, le=50, description="how many claims a critique may make")

    def repeats(self) -> int:
        return self.samples * len(self.models())

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        names = list(self.models())
        sample, name = repeat // len(names), names[repeat % len(names)]
        about = unit.of_role(self.reads[-1])
        if len(about) != 1:
            raise CannotAnswer(f"criticises one {self.reads[-1]}, but was given {len(about)}")
        model = self.named(name)
        self._paired(model, about[0])
        rest = [(o.role, o.content) for o in unit.outputs if o is not about[0]]
        reply = await self.think(
            llm, "critique", [*self.seen(unit), *rest, ("response", about[0].content)],
            self._closing(), self._schema(), repeat=sample, to=name,
            check=lambda value: self.read_claims(value, about[0]),
            kinds="\n".join(f"- {kind}: {said}" for kind, said in self.kinds.items()),
        )  # fmt: skip
        content: CritiqueContent = reply.value
        clean = not content.claims and content.data["verdict"] == self.verdicts[0]
        failed = 0 if clean else max(1, len(content.claims))
        facts = {"model": model, "sample": sample, "failed": failed}
        return [
            Draft(role=self.writes, content=content, parent=about[0].key, source=model,
                  facts=facts, repeat=repeat, call=reply.call)
        ]  # fmt: skip

    def _paired(self, model: str, about: Shown) -> None:
        own = about.source == model or about.source.startswith(f"{model} (")
        if self.pairs == "self" and not own:
            raise CannotAnswer(f"{model} criticises only what it wrote itself")
        if self.pairs == "cross" and own:
            raise CannotAnswer(f"{model} criticises only what others wrote")

    def _schema(self) -> dict[str, Any]:
        claim = of(
            text=WORDS, quote=TEXT, kind={"type": "string", "enum": list(self.kinds)}, fix=TEXT
        )
        verdict = {"type": "string", "enum": list(self.verdicts)}
        return of(analysis=TEXT, claims=many(claim, most=self.most), verdict=verdict, summary=WORDS)

    def _closing(self) -> str:
        return (
            'Reply in this form: {"analysis": "...", "claims": [{"text": "...", "quote": "...", '
            f'"kind": "...", "fix": "..."}}, ...], "verdict": one of {", ".join(self.verdicts)}, '
            f'"summary": "..."}}, with at most {self.most} claims.'
        )

    def read_claims(self, value: Mapping[str, Any], about: Shown) -> CritiqueContent:
        """The critique in a reply, every claim at its place; raises `Invalid` for one without."""
        if len(value["claims"]) > self.most:
            raise Invalid("claims", f"at most {self.most} claims")
        text = about.content.text()
        claims = [self._claim(claim, text, n) for n, claim in enumerate(value["claims"], 1)]
        return CritiqueContent.parse(
            {"summary": value["summary"], "verdict": value["verdict"], "claims": claims}
        )

    def _claim(self, claim: Mapping[str, Any], text: str, number: int) -> dict[str, Any]:
        made = {name: claim[name] for name in ("text", "kind", "fix")}
        quote = str(claim["quote"])
        if not quote.strip():
            if claim["kind"] not in self.whole:
                raise Invalid(
                    f"claim {number}", f"a claim of the kind {claim['kind']} needs its quote"
                )
            return made
        place = anchored(quote, text)
        if place is None:
            raise Invalid(
                f"claim {number}", f"the quote {quote[:80]!r} does not stand in the response"
            )
        return {**made, "quote": place[0], "start": place[1], "end": place[2]}
