"""The fourteen tables.

Times are integer microseconds since 1970 UTC. JSON columns hold plain JSON values. A judgment row
is only ever added; what may change is said at each table. Every foreign key names a row that
exists (SQLite enforces them too, see `storage.database`).
"""

from typing import Any

from sqlalchemy import BigInteger, Index, MetaData, Text, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from storage.columns import NAMES, identifier, json, link, moment, where, words


class Base(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Owns its registry: a module that is imported again gets a fresh one instead of a clash."""


class Study(Base, table=True):
    """A protocol and its log. `revision` counts judgment rows; `head` is the last row's hash."""

    id: int | None = identifier()
    key: str = Field(unique=True)
    title: str = words()
    state: str = "draft"
    version: int = 1
    protocol: Any = json(nullable=False)
    seed: int = Field(default=0, sa_type=BigInteger)
    revision: int = Field(default=0, sa_type=BigInteger)
    head: str = ""
    created_at: int = moment()


class Question(Base, table=True):
    """One wording of one question. Immutable: an edited rubric is a new row."""

    id: int | None = identifier()
    digest: str = Field(unique=True)
    name: str
    kind: str
    definition: Any = json(nullable=False)


class Item(Base, table=True):
    """What a study is about: content per field, facts about it, and a gold answer per question."""

    __table_args__ = (UniqueConstraint("study", "key"),)
    id: int | None = identifier()
    study: int = link("study")
    key: str
    content: Any = json(nullable=False)
    meta: Any = json(nullable=False)
    gold: Any = json()
    run: int | None = link("run", nullable=True)
    created_at: int = moment()


class Output(Base, table=True):
    """Something produced for an item: answer, critique, revision, probe. `parent` makes a tree."""

    __table_args__ = (UniqueConstraint("item", "key"),)
    id: int | None = identifier()
    study: int = link("study", index=True)
    item: int = link("item")
    key: str
    role: str = "answer"
    parent: int | None = link("output", nullable=True)
    rater: int | None = link("rater", nullable=True)
    source: str = words()
    content: Any = json(nullable=False)
    condition: str = ""
    run: int | None = link("run", nullable=True)
    created_at: int = moment()


class Unit(Base, table=True):
    """What one screen or prompt shows. `taken`: live assignments; `closed`: asked no more."""

    __table_args__ = (
        UniqueConstraint("study", "key"),
        Index("unit_open", "study", "closed", "position"),
        Index("unit_item", "item"),
    )
    id: int | None = identifier()
    study: int = link("study")
    item: int = link("item")
    key: str
    outputs: Any = json(nullable=False)
    position: int = Field(default=0, sa_type=BigInteger)
    taken: int = 0
    closed: int = 0


class Rater(Base, table=True):
    """Who judges: a person, a model (its digest is its key), a panel, or a rule."""

    __table_args__ = (UniqueConstraint("study", "kind", "key"),)
    id: int | None = identifier()
    study: int = link("study")
    kind: str
    key: str
    name: str = ""
    spec: Any = json()


class Member(Base, table=True):
    """What an identity may do in a study."""

    __table_args__ = (UniqueConstraint("study", "identity", "role"),)
    id: int | None = identifier()
    study: int = link("study")
    identity: str
    role: str
    invitation: str = ""
    created_at: int = moment()


class Assignment(Base, table=True):
    """A unit reserved for a rater. Policy, propensity, arm and seed are fixed at that moment.

    `place` numbers the rater's assignments from 1 in the order they were made.
    """

    __table_args__ = (
        UniqueConstraint("unit", "rater", "stage", "repeat"),
        UniqueConstraint("rater", "place"),
        Index(
            "assignment_open",
            "rater",
            "place",
            **where("state = 'reserved'"),
        ),
        Index(
            "assignment_lease",
            "study",
            "lease_until",
            **where("state = 'reserved'"),
        ),
    )
    id: int | None = identifier()
    study: int = link("study")
    unit: int = link("unit")
    rater: int = link("rater")
    place: int = 1
    stage: str = "first"
    repeat: int = 0
    policy: str = ""
    propensity: float = 1.0
    design: str = "inclusion"
    arm: str = ""
    seed: int = Field(default=0, sa_type=BigInteger)
    state: str = "reserved"
    draft: Any = json()
    lease_until: int = moment()
    created_at: int = moment()
    closed_at: int | None = moment(nullable=True)


class Judgment(Base, table=True):
    """The one fact: a rater gave a value to a question about a unit. Rows are only ever added."""

    __table_args__ = (
        UniqueConstraint("study", "sequence"),
        UniqueConstraint("study", "key"),
        UniqueConstraint("replaces"),
        Index(
            "judgment_first",
            "unit",
            "question",
            "rater",
            "stage",
            "repeat",
            "condition",
            unique=True,
            **where("replaces IS NULL"),
        ),
        Index("judgment_rater", "rater", "sequence"),
        Index("judgment_unit", "unit", "rater"),
    )
    id: int | None = identifier()
    study: int = link("study")
    sequence: int = Field(sa_type=BigInteger)
    unit: int = link("unit")
    question: int = link("question")
    rater: int = link("rater")
    stage: str = "first"
    repeat: int = 0
    condition: str = ""
    value: str = words("null")
    code: int | None = None
    rationale: str = words()
    confidence: float | None = None
    shown: Any = json()
    revealed: Any = json()
    replaces: int | None = link("judgment", nullable=True)
    withdrawn: bool = False
    assignment: int | None = link("assignment", nullable=True)
    seconds: float | None = None
    run: int | None = link("run", nullable=True)
    call: int | None = link("call", nullable=True)
    key: str
    salt: str
    payload_digest: str
    hash: str
    created_at: int = moment()


class Event(Base, table=True):
    """What else happened: skip, flag, comment, cause code, checkpoint. Append-only."""

    __table_args__ = (Index("event_unit", "study", "unit", "kind"),)
    id: int | None = identifier()
    study: int = link("study")
    kind: str
    actor: str = ""
    rater: int | None = link("rater", nullable=True)
    unit: int | None = link("unit", nullable=True)
    judgment: int | None = link("judgment", nullable=True)
    data: Any = json(nullable=False)
    created_at: int = moment()


class Run(Base, table=True):
    """A batch of work: judging, generating, importing. State, counters and account change."""

    __table_args__ = (Index("run_state", "state"),)
    id: int | None = identifier()
    study: int = link("study", index=True)
    kind: str
    worker: Any = json(nullable=False)
    state: str = "ready"
    concurrency: int = 8
    total: int = 0
    message: str = words()
    heartbeat: int = moment()
    account: Any = json()
    created_at: int = moment()
    finished_at: int | None = moment(nullable=True)


class Task(Base, table=True):
    """One unit of one run, claimed by lease. State, owner, lease, attempts and error change."""

    __table_args__ = (
        UniqueConstraint("run", "worker", "unit", "repeat"),
        Index("task_state", "run", "state", "lease_until"),
    )
    id: int | None = identifier()
    run: int = link("run")
    worker: str
    unit: int = link("unit")
    repeat: int = 0
    state: str = "ready"
    owner: str = ""
    lease_until: int = moment()
    attempts: int = 0
    error: str = words()


class Call(Base, table=True):
    """One question asked of a model endpoint and its reply: ledger, cache and resume point."""

    __table_args__ = (Index("call_run", "run"),)
    id: int | None = identifier()
    key: str = Field(unique=True)
    run: int | None = link("run", nullable=True)
    model: str = ""
    attempts: int = 0
    request: str = words()
    reply: str | None = Field(default=None, sa_type=Text, nullable=True)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    error: str = words()
    created_at: int = moment()


class Mirror(Base, table=True):
    """The outbox to another store: which judgment or item is where, and in what state."""

    __table_args__ = (UniqueConstraint("target", "judgment"), UniqueConstraint("target", "item"))
    id: int | None = identifier()
    study: int = link("study")
    judgment: int | None = link("judgment", nullable=True)
    item: int | None = link("item", nullable=True)
    target: str
    external_id: str = ""
    state: str = "waiting"
    attempts: int = 0
    error: str = words()
    updated_at: int = moment()


TABLES = (
    Study, Question, Item, Output, Unit, Rater, Member, Assignment, Judgment, Event, Run, Task,
    Call, Mirror,
)  # fmt: skip
