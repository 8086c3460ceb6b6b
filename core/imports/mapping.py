"""Which column is what: a mapping from files to a study, as data."""

from collections.abc import Mapping
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.protocol import ProtocolError, StudyProtocol, explain, from_data
from core.strict_yaml import StrictLoader

RaterKind = Literal["person", "model", "rule", "panel"]
Scalar = str | int | float | bool | None


def cell(row: Mapping[str, Any], column: str) -> Any:
    """What a row holds in a column; `a.b.0` looks into nested values. None where there is none."""
    if column in row or "." not in column:
        return row.get(column)
    found: Any = row
    for part in column.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


class MappingError(ValueError):
    """A mapping that cannot be used; the message names line and field where it can."""

    exit_code = 2


class Part(BaseModel):
    """Base of the parts: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class From(Part):
    """Where a value comes from: a column, or a constant. A bare text names a column."""

    column: str = ""
    constant: Any = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, raw: Any) -> Any:
        return {"column": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _one(self) -> "From":
        if bool(self.column) == (self.constant is not None):
            raise ValueError("give a column or a constant, and not both")
        return self

    def of(self, row: Mapping[str, Any]) -> Any:
        """The value of a row; None where it is missing."""
        return self.constant if self.constant is not None else cell(row, self.column)


class Response(From):
    """Where one response comes from, and who made it."""

    source: From | None = None


class ResponseList(Part):
    """One column with a list of responses: of texts, or of records with these names."""

    column: str
    key: str = ""
    content: str = "content"
    source: str = ""


Values = dict[str, Scalar]


def texts(raw: Any) -> Any:
    """A value map with its file values as texts, as cells are compared."""
    if isinstance(raw, Mapping):
        return {as_text(k): v for k, v in raw.items()}
    return raw


def as_text(value: Any) -> str:
    """A cell as it is compared and joined: 1.0 is "1", true is "true"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class Gold(Part):
    """The column of the known answer to a question. `values` turns file values into answers."""

    column: str
    values: Values | None = None

    _texts = field_validator("values", mode="before")(texts)

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, raw: Any) -> Any:
        return {"column": raw} if isinstance(raw, str) else raw


class Items(Part):
    """What an item is. `file` is a name or pattern of the file (the first one, when empty).

    Without `key` an item is known by the digest of its content.
    """

    file: str = ""
    key: tuple[str, ...] = ()
    where: dict[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    fields: dict[str, From] = Field(min_length=1)
    responses: dict[str, Response] | ResponseList = Field(default_factory=dict)
    meta: dict[str, From] = Field(default_factory=dict)
    gold: dict[str, Gold] = Field(default_factory=dict)

    @field_validator("key", mode="before")
    @classmethod
    def _keys(cls, raw: Any) -> Any:
        return (raw,) if isinstance(raw, str) else raw

    @field_validator("meta", mode="before")
    @classmethod
    def _names(cls, raw: Any) -> Any:
        return {n: {"column": n} for n in raw} if isinstance(raw, list | tuple) else raw


class Judgments(Part):
    """Judgments that the files hold.

    Wide: `raters` names a column per rater. Long: `rater` is a name with columns in braces
    (`"{llm}/{strategy}"`) and `value` the column of the answer. `values` turns what the file says
    into answers: the key of a response, tie, both_bad, a label, a number, or null for missing.
    `outputs` names the responses that were judged, when a unit does not show all of them.
    `shown` is the order in which they were displayed.
    """

    file: str = ""
    key: tuple[str, ...] = ()
    where: dict[str, tuple[Scalar, ...]] = Field(default_factory=dict)
    question: From
    kind: RaterKind
    simulated: bool = False
    raters: dict[str, str] = Field(default_factory=dict)
    rater: str = ""
    value: str = ""
    values: Values | None = None
    outputs: tuple[From, ...] = ()
    repeat: From = From(constant=0)
    shown: tuple[str, ...] = ()
    rationale: str = ""
    confidence: str = ""
    seconds: str = ""

    _texts = field_validator("values", mode="before")(texts)

    @field_validator("key", mode="before")
    @classmethod
    def _keys(cls, raw: Any) -> Any:
        return (raw,) if isinstance(raw, str) else raw

    @field_validator("question", mode="before")
    @classmethod
    def _name(cls, raw: Any) -> Any:
        return {"constant": raw} if isinstance(raw, str) else raw

    @field_validator("repeat", mode="before")
    @classmethod
    def _number(cls, raw: Any) -> Any:
        return {"constant": raw} if isinstance(raw, int) else raw

    @model_validator(mode="after")
    def _form(self) -> "Judgments":
        if bool(self.raters) == bool(self.rater):
            raise ValueError("give `raters` (a column each) or `rater` with `value`")
        if self.rater and not self.value:
            raise ValueError("`rater` needs `value`: the column that holds the answer")
        return self


class Mapped(Part):
    """A whole mapping. `study` is a protocol, used when the study is made by the import."""

    study: dict[str, Any] | None = None
    items: Items | None = None
    judgments: tuple[Judgments, ...] = ()

    @model_validator(mode="after")
    def _some(self) -> "Mapped":
        if self.items is None and not self.judgments:
            raise ValueError("give items, judgments, or both")
        return self

    def protocol(self) -> StudyProtocol | None:
        """The study that the mapping describes; raises `ProtocolError` when it is wrong."""
        return None if self.study is None else from_data(self.study)

    def to_yaml(self) -> str:
        """The mapping as the text of a .yaml file."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=96)


def from_yaml(text: str) -> Mapped:
    """The mapping in a YAML text; raises `MappingError` naming line and field."""
    try:
        data = yaml.load(text, Loader=StrictLoader)  # noqa: S506 - a SafeLoader that refuses repeats
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise MappingError(f"mapping, {where}{getattr(error, 'problem', error)}") from None
    return from_plain(data, text)


def from_plain(data: Any, text: str = "") -> Mapped:
    """The mapping that plain data describes; raises `MappingError` naming the field."""
    if not isinstance(data, Mapping):
        raise MappingError("mapping: expected names and values (items, judgments, study)")
    try:
        found = Mapped(**{str(k): v for k, v in data.items()})
        found.protocol()
    except ValidationError as error:
        raise MappingError(f"mapping, {explain(error, text)}") from None
    except ProtocolError as error:
        raise MappingError(f"mapping, study: {error}") from None
    return found
