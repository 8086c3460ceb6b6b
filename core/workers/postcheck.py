"""A model that checks whether a revision came about as it should: by following its critique."""

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from core.questions.base import Question
from core.questions.label import Label
from core.units import Draft, Shown, Unit
from core.workers.asking import Asking, one_of
from core.workers.base import CannotAnswer, Model, Scope, workers
from core.workers.thinker import WORDS, many, of

LABELS = ("Qualified", "Unqualified")
FOLLOWED = ("follows", "goes another way", "ignores")
CLOSING = (
    'Reply in this form: {"points": [{"point": "...", "revision": one of follows, goes another '
    'way, ignores}, ...], "reason": "...", "label": "Qualified" or "Unqualified"}'
)


@workers.register
class Postcheck(Asking):
    """Labels each revision Qualified or Unqualified: did it follow the critique it hangs on?

    `roles` are those of the response, the critique and the revision. It writes an output about the
    revision; with `questions` it judges instead: label questions whose two labels are named
    qualified and unqualified, about units that show a revision with its critique and the response
    around it (see `context` of a study). After Tang et al. (2025).
    """

    kind = "postcheck"
    words = ("postcheck",)
    reads: tuple[str, ...] = ("answer", "critique", "revision")
    writes: str = "postcheck"

    @model_validator(mode="after")
    def _three(self) -> "Postcheck":
        if len(self.reads) != 3:
            raise ValueError("`reads` names three roles: response, critique, revision")
        return self

    def scope(self) -> Scope:
        return "unit" if self.questions else "output"

    def can(self, question: Question, unit: Unit) -> bool:
        return isinstance(question, Label) and {n.lower() for n in question.labels} == {
            label.lower() for label in LABELS
        }

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        asked = self.asked(unit) if self.questions else ()
        response, critique, revision = (one_of(unit, role) for role in self.reads)
        if revision.facts.get("unchanged"):
            raise CannotAnswer("the critique found no fault, and the response was left as it was")
        reply = await self._checked(unit, llm, response, critique, revision, repeat)
        told = reply.value
        points = "\n".join(f"- {one['point']}: {one['revision']}" for one in told["points"])
        why = f"{told['reason']}\n{points}".strip()
        if asked:
            return [
                Draft(question=q.name, value=_label(q, told["label"], unit), rationale=why,
                      repeat=repeat, shown=unit.shown, call=reply.call)
                for q in asked
            ]  # fmt: skip
        facts = {"label": told["label"], "qualified": told["label"] == LABELS[0],
                 "points": told["points"]}  # fmt: skip
        return [self.wrote(f"{told['label']}. {why}", reply, parent=revision.key, facts=facts,
                           repeat=repeat)]  # fmt: skip

    async def _checked(
        self, unit: Unit, llm: Model | None, response: Shown, critique: Shown, revision: Shown,
        repeat: int,
    ) -> Any:  # fmt: skip
        point = of(point=WORDS, revision={"type": "string", "enum": list(FOLLOWED)})
        label = {"type": "string", "enum": list(LABELS)}
        material = [
            *self.seen(unit), ("response", response.content), ("critique", critique.content),
            ("revision", revision.content),
        ]  # fmt: skip
        return await self.think(
            llm, "postcheck", material, CLOSING,
            of(points=many(point), reason=WORDS, label=label), repeat=repeat,
        )  # fmt: skip


def _label(question: Question, label: str, unit: Unit) -> Any:
    names: Mapping[str, str] = {str(n).lower(): str(n) for n in getattr(question, "labels", ())}
    return question.check(names[label.lower()], unit)
