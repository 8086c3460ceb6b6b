"""The settings of a part, described so that a form can ask for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import get_annotations
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

Shape = Literal[
    "line", "text", "yes", "whole", "decimal", "choice", "list", "pairs", "amounts", "lists",
    "values", "group", "rows", "named", "parts", "other",
]  # fmt: skip
LONG = frozenset({
    "answer", "aim", "consent", "description", "goal", "guidelines", "help", "instructions",
    "persona", "problem", "rubric", "shown", "system", "text", "why",
})  # fmt: skip
SIMPLE: Mapping[Any, Shape] = {bool: "yes", int: "whole", float: "decimal"}
SENTENCE = re.compile(r"(?<=[.;])\s+(?=[A-Z`])")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name, the shape of its value, its default and what it is for.

    `choices` are the values of a choice; `low` and `high` bound a number; `optional` ones may be
    null. A `list` holds texts; `pairs` map names to texts, `amounts` to numbers, `lists` to several
    texts, `values` to anything; `whole_names` and `whole_amounts` say which of these are integers.
    A `group` has settings of its own, `rows` are several such groups and `named` ones go by names:
    `models` are their classes, told apart by the setting `tag` where there are several. `parts`
    are settings of the registry `models` can't tell: questions or workers. Defaults are plain data.
    """

    name: str
    shape: Shape
    default: Any
    required: bool
    about: str = ""
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    optional: bool = False
    whole_names: bool = False
    whole_amounts: bool = False
    models: tuple[type[BaseModel], ...] = ()
    tag: str = ""


def settings_of(model: type[BaseModel]) -> list[Setting]:
    """The settings of a part, in the order in which its class declares them."""
    return [_setting(model, name, field) for name, field in model.model_fields.items()]


def home_of(model: type[BaseModel], name: str) -> type[BaseModel]:
    """The class that first declared a setting, of those that the model descends from."""
    return next(c for c in reversed(model.__mro__) if name in get_annotations(c))


def tagged(setting: Setting) -> dict[str, type[BaseModel]]:
    """The classes of a setting's rows by the value of their tag; one class goes by ''."""
    if not setting.tag:
        return dict.fromkeys([""], setting.models[0])
    return {
        str(get_args(model.model_fields[setting.tag].annotation)[0]): model
        for model in setting.models
    }


def _setting(model: type[BaseModel], name: str, field: FieldInfo) -> Setting:
    kind, optional = _plain(field.annotation)
    shape = _shape(name, kind, field)
    inner = get_args(kind)
    models, tag = _models(kind) if shape in {"group", "rows", "named"} else ((), "")
    return Setting(
        name=name, shape=shape, required=field.is_required(), default=_default(field),
        about=field.description or _told(model, name),
        choices=inner if get_origin(kind) is Literal else (),
        low=_bound(field, "ge"), high=_bound(field, "le"), optional=optional,
        whole_names=shape == "pairs" and inner[0] is int,
        whole_amounts=shape == "amounts" and inner[1] is int, models=models, tag=tag,
    )  # fmt: skip


def _default(field: FieldInfo) -> Any:
    """The default as plain data, as a file would write it; None where there is none."""
    default = field.get_default(call_default_factory=True)
    return None if default is PydanticUndefined else _data(default)


def _data(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, Mapping):
        return {key: _data(one) for key, one in value.items()}
    return [_data(one) for one in value] if isinstance(value, list | tuple) else value


def _told(model: type[BaseModel], name: str) -> str:
    """The sentence about a setting in the description of its class, or of one that it is made of.

    A setting of the parts of a study is described where its class is: `name` in backticks.
    """
    for kind in model.__mro__:
        for sentence in SENTENCE.split(" ".join((kind.__dict__.get("__doc__") or "").split())):
            if f"`{name}`" in sentence:
                return sentence.rstrip(".;")
    return ""


def _plain(kind: Any) -> tuple[Any, bool]:
    """The type without "or None", and whether it was there."""
    if get_origin(kind) in {Union, UnionType}:
        rest = [part for part in get_args(kind) if part is not type(None)]
        return (rest[0] if len(rest) == 1 else None), len(rest) < len(get_args(kind))
    return kind, False


def _shape(name: str, kind: Any, field: FieldInfo) -> Shape:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "parts" in extra:
        return "parts"
    if kind in SIMPLE:
        return SIMPLE[kind]
    if kind is str:
        return "text" if name in LONG else "line"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "group"
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "choice"
    if origin is tuple and inner:
        return "list" if inner[0] is str else "rows" if _models(kind)[0] else "other"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapped(inner[1], kind)
    return "other"


def _mapped(value: Any, kind: Any) -> Shape:
    """The shape of a mapping with such values."""
    simple: dict[Any, Shape] = {str: "pairs", int: "amounts", float: "amounts", Any: "values"}
    if get_origin(value) is tuple:
        return "lists"
    return "named" if _models(kind)[0] else simple.get(value, "other")


def _models(kind: Any) -> tuple[tuple[type[BaseModel], ...], str]:
    """The classes of settings inside a type, and the setting that tells them apart."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return (kind,), ""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        tag = next((m.discriminator for m in more if getattr(m, "discriminator", None)), "")
        return _models(inner)[0], tag
    found: list[type[BaseModel]] = []
    told = ""
    for part in get_args(kind):
        models, tag = _models(part)
        found, told = [*found, *models], told or tag
    return tuple(found), told


def _bound(field: FieldInfo, side: str) -> float | None:
    return next((getattr(m, side) for m in field.metadata if hasattr(m, side)), None)
