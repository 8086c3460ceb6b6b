"""A model that writes a checklist for an instruction: questions that a good answer meets."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, model_validator

from core.content.base import Content
from core.content.checklist import ChecklistContent
from core.prompts import prompt
from core.units import Draft, Invalid, Unit
from core.workers.base import CannotAnswer, Model, workers
from core.workers.briefing import brief
from core.workers.endpoint import ModelWorker
from core.workers.reply_form import an_object

WRITE = "checklist_write"


@workers.register
class Checklist(ModelWorker):
    """Writes `least` to `most` YES/NO questions for each item, from its fields alone.

    YES means that the requirement is met. The list is an output of the role `writes`, made once per
    item and the same for every response to it. `leave_out` names fields that are not shown, such as
    a reference.
    """

    kind = "checklist"
    writes: str = "checklist"
    least: int = Field(default=2, ge=1, le=50)
    most: int = Field(default=8, ge=1, le=50)
    leave_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _some(self) -> "Checklist":
        if self.least > self.most:
            raise ValueError("least must not be more than most")
        if not self.writes:
            raise ValueError("say in `writes` which role the checklist gets; `checklist` is usual")
        return self

    def prompts(self) -> Sequence[str]:
        return [prompt(WRITE).digest]

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        if llm is None:
            raise CannotAnswer("this worker asks a model, and none was given")
        fields = {n: c for n, c in unit.fields.items() if n not in self.leave_out}
        content, call = await write(
            self, fields, llm, repeat=repeat, least=self.least, most=self.most
        )
        return [Draft(role=self.writes, content=content, repeat=repeat, call=call)]


def messages(
    fields: Mapping[str, Content], least: int, most: int, guidelines: str = ""
) -> list[dict[str, Any]]:
    """What a model is sent to write a checklist."""
    form = '{"analysis": "...", "questions": [{"text": "...", "required": true}, ...]}'
    return brief(
        [prompt(WRITE)], list(fields.items()), f"Reply in this form: {form}", salt=WRITE,
        guidelines=guidelines, values={"least": str(least), "most": str(most)},
    )  # fmt: skip


async def write(
    worker: ModelWorker, fields: Mapping[str, Content], llm: Model, *, repeat: int = 0,
    least: int = 2, most: int = 8,
) -> tuple[ChecklistContent, int | None]:  # fmt: skip
    """A checklist for an item's fields, and its row in the ledger.

    The same fields, model and settings find the same list again without a new call.
    """
    if not fields:
        raise CannotAnswer("the item has no field to write a checklist from")
    item = an_object({"text": {"type": "string"}, "required": {"type": "boolean"}})
    listed = {"type": "array", "items": item, "minItems": least, "maxItems": most}

    def read(told: Mapping[str, Any]) -> ChecklistContent:
        if not least <= len(told["questions"]) <= most:
            raise Invalid("questions", f"expected {least} to {most} questions")
        return ChecklistContent.parse(told["questions"])

    reply = await llm.ask(
        messages(fields, least, most, worker.guidelines), repeat=repeat, check=read,
        schema=an_object({"analysis": {"type": "string"}, "questions": listed}),
        **worker.parameters(),
    )  # fmt: skip
    return reply.value, reply.call
