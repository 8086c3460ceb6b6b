"""A study as data: what is judged, what is asked, by whom, and under which policies."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, cast, get_args

import yaml
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from core import turns
from core.content.base import contents
from core.digest import Identified, digest
from core.explaining import Misplaced, Path, explain, found, listed
from core.policies import Assignment, Checks, Experiment, Pairs, Policy, Questionnaire, Reveal
from core.questions.base import Question
from core.questions.base import load as load_question
from core.registry import UnknownPart
from core.stages import in_order
from core.strict_yaml import StrictLoader
from core.workers.base import Worker
from core.workers.base import load as load_worker

STATES = ("draft", "pilot", "open", "paused", "closed", "archived")
PARTS: Any = {"parts": True}
Design = Literal["together", "each", "pairs"]
__all__ = [
    "Assignment", "Checks", "Experiment", "Pairs", "ProtocolError", "Questionnaire", "Reveal",
    "StudyProtocol", "explain", "from_data", "from_yaml",
]  # fmt: skip


class ProtocolError(ValueError):
    """A protocol that cannot be used; the message names line and field where it can."""


class Example(Policy):
    """A worked example for people: what is shown, the right answer, and why, each in markdown."""

    title: str = Field(default="", max_length=200, description="a name for the example")
    shown: str = Field(min_length=1, description="what is shown, in markdown")
    answer: str = Field(min_length=1, description="the right answer, in markdown")
    why: str = Field(default="", description="why it is right, in markdown")


class StudyProtocol(Identified):
    """A whole study, frozen.

    `units` says what one screen holds: all outputs of an item together, each by itself, or every
    pair of them. Where this differs by task, it is a mapping: `by` names a fact of the items, and
    each value of it has its own design (`{by: task, compare: together, rate: each}`); items with
    another value are shown together. Of pairs, `pairs` says which become units.

    Of the desk: `examples` stand with the guidelines; `consent` is a text that a person agrees to
    before the first unit; items whose facts match `sensitive` are covered until asked for;
    `language` is that of the interface.

    `judged` names the roles of the outputs that units are made of; empty, it means answers and
    whatever no worker of the study writes. `context` says what is shown with a judged output of a
    role: the outputs of these roles that it hangs on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=60,
        description="names the study in addresses and files",
    )
    title: str = Field(min_length=1, max_length=200, description="what people see as its name")
    version: int = Field(default=1, description="counted up when the study is saved")
    description: str = Field(default="", description="what is judged here, and why")
    guidelines: str = Field(
        default="", description="what people read before they answer, in markdown"
    )
    examples: tuple[Example, ...] = ()
    consent: str = ""
    sensitive: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    fields: Mapping[str, str] = Field(
        default_factory=lambda: {"prompt": "text"},
        description="the fields of an item and the kind of content of each",
    )
    responses: str = Field(default="text", description="the kind of content of each response")
    units: Design | Mapping[str, str] = "together"
    pairs: Pairs = Pairs()
    judged: tuple[str, ...] = ()
    context: Mapping[str, tuple[str, ...]] = Field(default={"critique": ("answer", "revision")})
    questions: tuple[Question, ...] = Field(description="what is asked", json_schema_extra=PARTS)
    workers: tuple[Worker, ...] = Field(
        default=(), description="models and rules", json_schema_extra=PARTS
    )
    assignment: Assignment = Field(default=Assignment(), description="who gets what next")
    reveal: Reveal = Field(default=Reveal(), description="what people see of the models")
    checks: Checks = Field(default=Checks(), description="known answers, attention, units again")
    experiment: Experiment = Field(default=Experiment(), description="what is shown by arm")
    questionnaire: Questionnaire = Field(default=Questionnaire(), description="about the person")
    statistics: tuple[str, ...] = Field(
        default=("percent", "cohen", "alpha"), description="what the Agreement page computes"
    )
    exports: tuple[str, ...] = Field(
        default=("csv", "jsonl"), description="formats that results can be taken out in"
    )

    @field_validator("questions", mode="before")
    @classmethod
    def _questions(cls, raw: Any) -> Any:
        listed(raw, "questions, each with a kind, a name and a title")
        if not raw:
            raise ValueError("a study needs at least one question")
        return tuple(_part(spec, load_question, Question, n) for n, spec in enumerate(raw, 1))

    @field_validator("workers", mode="before")
    @classmethod
    def _workers(cls, raw: Any) -> Any:
        listed(raw, "workers, each with a kind and a name")
        return tuple(_part(spec, load_worker, Worker, n) for n, spec in enumerate(raw, 1))

    @field_validator("fields", mode="before")
    @classmethod
    def _fields(cls, raw: Any) -> Any:
        kinds = raw.values() if isinstance(raw, Mapping) else [raw]
        if not isinstance(raw, Mapping) or not all(isinstance(kind, str) for kind in kinds):
            wrong = next(kind for kind in kinds if not isinstance(kind, str) or kind is raw)
            raise ValueError(
                f"expected the kind of content of each field, as in {{prompt: text}}; "
                f"found {found(wrong)}"
            )
        for kind in kinds:
            _content(kind)
        return raw

    @field_validator("responses")
    @classmethod
    def _responses(cls, kind: str) -> str:
        return _content(kind)

    @field_validator("units", mode="before")
    @classmethod
    def _designs(cls, raw: Any) -> Any:
        known = get_args(Design)
        designs = [v for k, v in raw.items() if k != "by"] if isinstance(raw, Mapping) else [raw]
        wrong = [design for design in designs if design not in known]
        if wrong:
            raise ValueError(f"expected one of {', '.join(known)}; found {found(wrong[0])}")
        if isinstance(raw, Mapping) and not isinstance(raw.get("by"), str):
            raise ValueError("a mapping needs `by`: the fact of the items that decides")
        return raw

    def design(self, meta: Mapping[str, Any]) -> Design:
        """What one screen holds for an item with these facts."""
        if not isinstance(self.units, Mapping):
            return self.units
        return cast(Design, self.units.get(str(meta.get(self.units["by"])), "together"))

    @model_validator(mode="after")
    def _whole(self) -> "StudyProtocol":
        for what, names in (
            ("question", [q.name for q in self.questions]),
            ("worker", [w.name for w in self.workers]),
        ):
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise ValueError(f"two {what}s have the same name: {', '.join(twice)}")
        asked = {q.name for q in self.questions}
        for place, worker in enumerate(self.workers):
            missing = sorted(set(worker.questions) - asked)
            if missing:
                wrong = f"worker {worker.name!r} answers unknown questions: {', '.join(missing)}"
                raise Misplaced(("workers", place, "questions"), wrong)
        for apart in (True, False):
            wrong = turns.problem(q for q in self.questions if (q.about == "participant") == apart)
            if wrong:
                raise ValueError(wrong)
        self._policies(asked)
        self.stages()
        return self

    def _policies(self, asked: set[str]) -> None:
        """Raise unless the policies name questions, fields and workers that there are."""
        for path, name in self._named():
            if name not in asked:
                raise Misplaced(path, f"a policy names an unknown question: {name!r}")
        for place, arm in enumerate(self.experiment.arms):
            hidden = sorted(set(arm.hide) - set(self.fields))
            if hidden:
                where = ("experiment", "arms", place, "hide")
                raise Misplaced(where, f"an arm hides an unknown field: {hidden[0]!r}")
        designs = self.units.values() if isinstance(self.units, Mapping) else [self.units]
        if self.pairs.rule != "all" and "pairs" not in designs:
            raise Misplaced(
                ("pairs", "rule"),
                "`pairs` chooses among pairs, but `units` shows none; say units: pairs",
            )
        if self.reveal.worker and self.reveal.worker not in {w.name for w in self.workers}:
            wrong = f"reveal names an unknown worker: {self.reveal.worker!r}"
            raise Misplaced(("reveal", "worker"), wrong)

    def _named(self) -> Iterator[tuple[Path, str]]:
        """The questions that policies name, each with where it is named."""
        for place, arm in enumerate(self.experiment.arms):
            for name in arm.skip:
                yield ("experiment", "arms", place, "skip"), name
        for when in ("before", "after"):
            for name in getattr(self.questionnaire, when):
                yield ("questionnaire", when), name
        if self.assignment.question:
            yield ("assignment", "question"), self.assignment.question

    def stages(self) -> tuple[Worker, ...]:
        """The workers in an order in which each finds what it needs; raises `Circle`."""
        return in_order(self.workers, self.judges)

    def writes(self) -> bool:
        """Whether a worker of the study makes outputs, so that items may grow."""
        return any(worker.writes for worker in self.workers)

    def judges(self, role: str) -> bool:
        """Whether outputs of this role are judged, so that units are made of them."""
        if self.judged:
            return role in self.judged
        return role == "answer" or all(role != worker.writes for worker in self.workers)

    def question(self, name: str) -> Question:
        """The question of that name; raises KeyError."""
        return {q.name: q for q in self.questions}[name]

    def worker(self, name: str) -> Worker:
        """The worker of that name; raises KeyError."""
        return {w.name: w for w in self.workers}[name]

    def data(self) -> dict[str, Any]:
        """The protocol as plain data, defaults left out."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        plain["questions"] = [q.definition() for q in self.questions]
        if self.workers:
            plain["workers"] = [w.definition() for w in self.workers]
        plain["fields"] = dict(self.fields)
        return plain

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole protocol."""
        return digest(self.data())

    def to_yaml(self) -> str:
        """The protocol as the text of a .yaml file."""
        return yaml.safe_dump(self.data(), sort_keys=False, allow_unicode=True, width=96)


def from_data(data: Any) -> StudyProtocol:
    """The protocol that plain data describes; raises `ProtocolError` naming the field."""
    if not isinstance(data, Mapping):
        raise ProtocolError("expected the settings of a study (name, title, questions, ...)")
    try:
        return StudyProtocol(**data)
    except ValidationError as error:
        raise ProtocolError(explain(error)) from None


def from_yaml(text: str) -> StudyProtocol:
    """The protocol in a YAML text; raises `ProtocolError` naming line and field."""
    try:
        data = yaml.load(text, Loader=StrictLoader)  # noqa: S506 - a SafeLoader that refuses repeats
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ProtocolError(f"{where}{getattr(error, 'problem', error)}") from None
    odd = [key for key in data if not isinstance(key, str)] if isinstance(data, Mapping) else []
    if odd:
        raise ProtocolError(f"{odd[0]!r}: there is no setting of this name; put names in quotes")
    try:
        return StudyProtocol(**data) if isinstance(data, Mapping) else from_data(data)
    except ValidationError as error:
        raise ProtocolError(explain(error, text)) from None
    except TypeError as error:
        raise ProtocolError(str(error)) from None


def _content(kind: str) -> str:
    """The kind of content; raises unless there is one of that name."""
    if kind not in contents:
        raise ValueError(f"no content kind is called {kind!r}; there are: {', '.join(contents)}")
    return kind


def _part(spec: Any, load: Any, kind: type, place: int) -> Any:
    if isinstance(spec, kind):
        return spec
    if not isinstance(spec, Mapping):
        raise ValueError(f"number {place}: expected settings with a kind; found {found(spec)}")
    name = spec.get("name", f"number {place}")
    try:
        return load(spec)
    except UnknownPart as error:
        raise ValueError(f"{name}: {error}") from None
    except ValidationError as error:
        raise ValueError(f"{name}: {explain(error)}") from None
