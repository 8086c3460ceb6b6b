"""Workers that ask one model or several: who is asked, and what of an item they see."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, field_validator

from core.content.base import Content, storable
from core.units import Invalid, Shown, Unit
from core.workers.base import CannotAnswer, Endpointed
from core.workers.endpoint import AtEndpoint
from core.workers.thinker import Thinker


class Asking(Thinker):
    """A worker whose own model is `model`, with `others` by name."""

    others: Mapping[str, AtEndpoint] = Field(default_factory=dict)

    @field_validator("others")
    @classmethod
    def _named(cls, others: Mapping[str, AtEndpoint]) -> Mapping[str, AtEndpoint]:
        if "" in others:
            raise ValueError("each of the others needs a name")
        return others

    def models(self) -> Mapping[str, Endpointed]:
        return {"": self, **self.others}

    def named(self, name: str) -> str:
        """The model that goes by a name, as its endpoint knows it."""
        return self.models()[name].model

    def seen(self, unit: Unit, *, without: Sequence[str] = ()) -> list[tuple[str, Content]]:
        found = super().seen(unit, without=without)
        found = [(name, content) for name, content in found if content.text().strip()]
        if not found:
            raise CannotAnswer("the item has nothing in the fields that this worker shows")
        return found


def one_of(unit: Unit, role: str) -> Shown:
    """The one output of that role, shown or around; raises `CannotAnswer`."""
    found = [o for o in (*unit.outputs, *unit.context) if o.role == role]
    if len(found) != 1:
        raise CannotAnswer(f"works on one output of the role {role!r}, found {len(found)}")
    return found[0]


def words(text: Any, what: str = "reply") -> str:
    """A text that is not empty and can be stored; raises `Invalid`."""
    found = storable(text, what).strip()
    if not found:
        raise Invalid(what, "it is empty")
    return found
