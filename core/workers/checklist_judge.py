"""A model that answers a checklist item by item, and what follows from the share it meets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, model_validator

from core.content.base import Content
from core.content.checklist import ChecklistContent
from core.content.text import TextContent
from core.prompts import prompt
from core.questions.base import Question
from core.units import Draft, Shown, Unit
from core.workers.base import CannotAnswer, Model, Scope, workers
from core.workers.briefing import brief, given, surroundings
from core.workers.checklist import WRITE, write
from core.workers.endpoint import ModelWorker
from core.workers.injected import quoted
from core.workers.reply_form import an_object, clean
from core.workers.verdicts import answers, decided, fitting

ANSWER = "checklist_answer"
NOTHING = "there is no response to check"
NUMBER = re.compile(r"^(?:\d+[.)]|[-*•–])\s+")


@dataclass(frozen=True, slots=True)
class Checked:
    """One response against a list: per item whether it is met, and why."""

    items: Sequence[str]
    met: Sequence[bool]
    whys: Sequence[str]
    call: int | None = None

    @property
    def rate(self) -> float:
        """The pass rate: the share of items that are met entirely."""
        return sum(self.met) / len(self.met)

    @property
    def failed(self) -> list[str]:
        """The items that are not met."""
        return [item for item, met in zip(self.items, self.met, strict=True) if not met]

    def text(self) -> str:
        """Each item with its answer and the reason."""
        rows = zip(self.items, self.met, self.whys, strict=True)
        return "\n".join(f"{'YES' if met else 'NO'}: {item} ({why})" for item, met, why in rows)

    def critique(self) -> str:
        """What is to be mended, item by item; says so when there is nothing."""
        rows = zip(self.items, self.met, self.whys, strict=True)
        lines = [f"- {item} {why}" for item, met, why in rows if not met]
        if not lines:
            return f"All {len(self.items)} requirements are met; nothing needs to be mended."
        return "\n".join(["These requirements are not met:", *lines])


@workers.register
class ChecklistJudge(ModelWorker):
    """Answers the item's checklist for each response; YES only when an item is met entirely.

    The list is an output of the item of the role checklist, or of the role, field or fact that
    `checklist` names; where people have edited that output, their version. With none of these the
    worker writes one first, the same for all responses to the item. A pair goes to the
    higher pass rate, equal rates are a tie; a rating or number takes the rate on its scale, a label
    by `thresholds`. `together` False asks about each item by itself.

    With `writes` it makes, instead of judgments, one output of that role (critique is usual) about
    each output of the roles in `reads`: the failed items by name, for a refiner.
    """

    kind = "checklist_judge"
    checklist: str = ""
    together: bool = True
    thresholds: Mapping[str, float] = Field(default_factory=dict)
    least: int = Field(
        default=2, ge=1, le=50, description="fewest items of a list that it writes itself"
    )
    most: int = Field(
        default=8, ge=1, le=50, description="most items of a list that it writes itself"
    )

    @model_validator(mode="after")
    def _reading(self) -> "ChecklistJudge":
        if self.writes and not set(self.reads) - {self.role}:
            raise ValueError("say in `reads` which outputs are checked, such as answer")
        return self

    @property
    def role(self) -> str:
        """The role of outputs that hold lists."""
        return self.checklist or "checklist"

    def beside(self) -> tuple[str, ...]:
        return (self.role,)

    def scope(self) -> Scope:
        return "item" if self.writes else "unit"

    def prompts(self) -> Sequence[str]:
        return [prompt(name).digest for name in (ANSWER, WRITE)]

    def can(self, question: Question, unit: Unit) -> bool:
        return answers(question)

    def asked(self, unit: Unit) -> tuple[Question, ...]:
        found = super().asked(unit)
        responses = self._responses(unit)
        if not responses:
            raise CannotAnswer(NOTHING)
        return fitting(found, len(responses), self.thresholds)

    def _responses(self, unit: Unit) -> list[Shown]:
        return [o for o in unit.outputs if o.role != self.role]

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        asked = () if self.writes else self.asked(unit)
        outputs = self._responses(unit)
        if self.writes:
            outputs = list(unit.of_role(*(role for role in self.reads if role != self.role)))
        if not outputs:
            raise CannotAnswer(NOTHING)
        items, source = await self._items(unit, llm)
        found = {o.key: await self._checked(unit, o, items, llm, repeat) for o in outputs}
        if self.writes:
            return [self._critique(o, found[o.key], repeat) for o in outputs]
        rates = {key: checked.rate for key, checked in found.items()}
        why = "\n\n".join(
            f"{unit.letter(key)}: {sum(c.met)} of {len(c.met)} items are met.\n{c.text()}"
            for key, c in found.items()
        )
        facts: dict[str, Any] = {
            "checklist": list(items), "from": source, "pass_rate": rates,
            "met": {key: list(checked.met) for key, checked in found.items()},
        }  # fmt: skip
        hidden = quoted([o.content.text() for o in outputs], why, "\n".join(items))
        facts |= {"quoted": hidden} if hidden else {}
        call = next(iter(found.values())).call
        return [
            Draft(question=q.name, value=value, rationale=why, repeat=repeat, shown=unit.shown,
                  call=call, facts=facts)
            for q, value in decided(asked, unit, rates, thresholds=self.thresholds)
        ]  # fmt: skip

    def _critique(self, output: Shown, checked: Checked, repeat: int) -> Draft:
        facts = {"pass_rate": checked.rate, "failed": checked.failed, "items": list(checked.items)}
        return Draft(
            role=self.writes, content=TextContent(checked.critique()), parent=output.key,
            key=output.key, facts=facts, repeat=repeat, call=checked.call,
        )  # fmt: skip

    async def _items(self, unit: Unit, llm: Model) -> tuple[list[str], str]:
        """The items, and where they come from: an output, a field or fact, or the worker itself."""
        written = unit.beside or unit.of_role(self.role)
        if written:
            edited = written[0].facts.get("edited")
            return _lines(written[0].content), "edited" if edited else "output"
        if self.checklist:
            return _lines(given(unit, self.checklist)), self.checklist
        content, _ = await write(self, unit.fields, llm, least=self.least, most=self.most)
        return content.lines(), "own"

    async def _checked(
        self, unit: Unit, output: Shown, items: Sequence[str], llm: Model, repeat: int
    ) -> Checked:
        groups = [list(items)] if self.together else [[item] for item in items]
        met: list[bool] = []
        whys: list[str] = []
        call = None
        for group in groups:
            reply = await llm.ask(
                self.messages(unit, output, group), schema=self.reply_schema(group), repeat=repeat,
                check=_answered, **self.parameters(),
            )  # fmt: skip
            call = reply.call
            met += [yes for yes, _ in reply.value]
            whys += [why for _, why in reply.value]
        return Checked(list(items), met, whys, call)

    def messages(self, unit: Unit, output: Shown, items: Sequence[str]) -> list[dict[str, Any]]:
        """What a model is sent about one response."""
        material: list[tuple[str, Content]] = [
            *((n, c) for n, c in surroundings(unit) if n != self.checklist),
            ("response", output.content),
            ("checklist", ChecklistContent.parse(list(items))),
        ]
        closing = (
            "Answer each item of the checklist about the response. Reply in this form: "
            '{"1": {"analysis": "...", "answer": "YES" or "NO"}, "2": ...}'
        )
        return brief([prompt(ANSWER)], material, closing, salt=self.digest,
                     guidelines=self.guidelines)  # fmt: skip

    def reply_schema(self, items: Sequence[str]) -> dict[str, Any]:
        """The schema of such a reply: per item the analysis, then YES or NO."""
        one = an_object({"analysis": {"type": "string"}, "answer": {"enum": ["YES", "NO"]}})
        return an_object({str(place): one for place in range(1, len(items) + 1)})


def _answered(told: Mapping[str, Any]) -> list[tuple[bool, str]]:
    """Per item, in order, whether it is met and why."""
    ordered = [told[str(place)] for place in range(1, len(told) + 1)]
    return [(one["answer"] == "YES", clean("analysis", one["analysis"])) for one in ordered]


def _lines(content: Content) -> list[str]:
    if isinstance(content, ChecklistContent):
        return content.lines()
    return [NUMBER.sub("", line) for line in ChecklistContent.parse(content.text()).lines()]
