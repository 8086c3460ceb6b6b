"""A model that tests an answer for contradictions, and begins anew when it finds one."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from core.content.base import Content
from core.units import Draft, Invalid, Unit
from core.workers.asking import Asking, one_of, words
from core.workers.base import Model, workers
from core.workers.thinker import WORDS, a_text, many, of

TEXT = {"type": "string"}
CHECK = (
    'Reply in this form: {"conditions": "...", "contradictions": [{"where": "...", "what": "..."}, '
    '...], "consistent": true or false}'
)


@workers.register
class Recheck(Asking):
    """Checks each output of the role it reads as a whole; what contradicts itself is thrown away.

    Then it answers anew from the request and the list of what went wrong, without the thrown away
    text, up to `restarts` times; `checker` names the model that checks, else its own. It writes the
    answer that was consistent, or the last one: its facts say which, after how many restarts, and
    what was found each time.
    """

    kind = "recheck"
    words = ("recheck", "recheck_again")
    reads: tuple[str, ...] = ("answer",)
    writes: str = "rechecked"
    restarts: int = Field(default=2, ge=0, le=10)
    checker: str = ""

    @model_validator(mode="after")
    def _one(self) -> "Recheck":
        if len(self.reads) != 1:
            raise ValueError("`reads` names the one role that it checks")
        if self.checker and self.checker not in self.others:
            raise ValueError(f"checker names no model among `others`: {self.checker!r}")
        return self

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        about = one_of(unit, self.reads[0])
        now: Content = about.content
        found: list[list[Mapping[str, str]]] = []
        call: int | None = None
        while True:
            turn = repeat * (self.restarts + 1) + len(found)
            wrong = await self._contradictions(unit, llm, now, turn)
            found.append(wrong)
            if not wrong or len(found) > self.restarts:
                break
            now, call = await self._anew(unit, llm, found, turn)
        facts = {
            "restarts": len(found) - 1, "consistent": not found[-1], "found": found,
            "unchanged": len(found) == 1,
        }  # fmt: skip
        return [Draft(role=self.writes, content=now, parent=about.key, facts=facts, repeat=repeat,
                      call=call)]  # fmt: skip

    async def _contradictions(
        self, unit: Unit, llm: Model | None, now: Content, turn: int
    ) -> list[Mapping[str, str]]:
        reply = await self.think(
            llm, "recheck", [*self.seen(unit), ("answer", now)], CHECK,
            of(conditions=TEXT, contradictions=many(of(where=TEXT, what=WORDS)),
               consistent={"type": "boolean"}),
            repeat=turn, check=_agrees, to=self.checker,
        )  # fmt: skip
        return list(reply.value["contradictions"])

    async def _anew(
        self, unit: Unit, llm: Model | None, found: list[list[Mapping[str, str]]], turn: int
    ) -> tuple[Content, int | None]:
        listed = "\n".join(f"- {one['where']}: {one['what']}" for wrong in found for one in wrong)
        reply = await self.think(
            llm, "recheck_again", [*self.seen(unit), ("what went wrong", a_text(listed))],
            'Reply in this form: {"answer": "..."}', of(answer=WORDS), repeat=turn,
            check=lambda value: {"answer": words(value["answer"], "answer")},
        )  # fmt: skip
        return a_text(reply.value["answer"]), reply.call


def _agrees(value: Any) -> Any:
    """The reply; raises `Invalid` when its verdict and its list contradict each other."""
    if bool(value["contradictions"]) == value["consistent"]:
        raise Invalid("consistent", "it is true exactly when no contradiction is listed")
    return value
