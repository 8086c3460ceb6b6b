"""The settings of a part, described so that a form can ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

Shape = Literal["line", "text", "yes", "whole", "decimal", "choice", "list", "pairs", "other"]
LONG = frozenset({"help", "description", "guidelines", "rubric", "instructions"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name, the shape of its value, its default and what it is for.

    `choices` are the values of a choice; `low` and `high` bound a number. A `list` holds texts,
    `pairs` maps texts or numbers to texts, `other` is best written in the file.
    """

    name: str
    shape: Shape
    default: Any
    required: bool
    about: str = ""
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None


def settings_of(model: type[BaseModel]) -> list[Setting]:
    """The settings of a part, in the order in which its class declares them."""
    return [_setting(name, field) for name, field in model.model_fields.items()]


def _setting(name: str, field: FieldInfo) -> Setting:
    kind = _plain(field.annotation)
    default = field.get_default(call_default_factory=True)
    return Setting(
        name=name, shape=_shape(name, kind), required=field.is_required(),
        default=None if default is PydanticUndefined else default, about=field.description or "",
        choices=get_args(kind) if get_origin(kind) is Literal else (),
        low=_bound(field, "ge"), high=_bound(field, "le"),
    )  # fmt: skip


def _plain(kind: Any) -> Any:
    """The type without "or None"."""
    if get_origin(kind) in {Union, UnionType}:
        rest = [part for part in get_args(kind) if part is not type(None)]
        return rest[0] if len(rest) == 1 else None
    return kind


def _shape(name: str, kind: Any) -> Shape:
    simple: dict[Any, Shape] = {bool: "yes", int: "whole", float: "decimal"}
    if kind in simple:
        return simple[kind]
    if kind is str:
        return "text" if name in LONG else "line"
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "choice"
    if origin is tuple and parts and parts[0] is str:
        return "list"
    is_mapping = isinstance(origin, type) and issubclass(origin, Mapping)
    return "pairs" if is_mapping and parts[1] is str else "other"


def _bound(field: FieldInfo, side: str) -> float | None:
    return next((getattr(m, side) for m in field.metadata if hasattr(m, side)), None)
