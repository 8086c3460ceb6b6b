"""A text of the rater's own."""

from typing import Any

from pydantic import Field

from core.questions.base import Question, Scale, questions
from core.ui import Ui
from core.units import Unit


@questions.register
class Text(Question):
    """A free text of at most `longest` characters. It has no code: statistics pass it by."""

    kind = "text"
    required: bool = False
    placeholder: str = ""
    longest: int = Field(default=10_000, ge=1, le=200_000)

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        return ui.write(
            name=self.name, title=self.title, value=draft, help=self.help,
            required=self.required, placeholder=self.placeholder, longest=self.longest,
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        return f"{self.heading()}\nAnswer with a text of at most {self.longest} characters."

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest}

    def check(self, value: Any, unit: Unit) -> Any:
        if not isinstance(value, str):
            raise self.refuse("expected a text")
        if len(value) > self.longest:
            raise self.refuse(f"at most {self.longest} characters; this has {len(value)}")
        if "\x00" in value or any(0xD800 <= ord(c) <= 0xDFFF for c in value):
            raise self.refuse("the text holds a character that cannot be stored")
        if self.required and not value.strip():
            raise self.refuse("an answer is needed")
        return value

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level="none")

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        return {}

    def describe(self, value: Any, unit: Unit) -> str:
        return str(value)

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name}

    def example(self, unit: Unit) -> Any:
        return "It answers the question, and says where the figure comes from."
