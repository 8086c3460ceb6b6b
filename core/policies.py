"""The policies of a study as data: who gets what next, what checks them, what they may see."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.explaining import Misplaced

Order = Literal[
    "shared", "shuffled", "per_rater", "random", "least_covered", "uncertain", "jury", "divergent",
    "duel_ucb", "duel_thompson",
]  # fmt: skip
WALKS = frozenset({"shared", "shuffled", "per_rater"})
REVEALED = ("never", "before", "after")


class Policy(BaseModel):
    """Base of the policies: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Assignment(Policy):
    """Who gets what next. `overlap` people answer each unit; `order` is how they come to it.

    Walks: shared, everyone in the order imported; shuffled, everyone in one random order;
    per_rater, each in a random order of their own. Draws, each out of at most `candidates` units
    with a stored probability: random; least_covered, the units with fewest answers; uncertain,
    where all raters leave most doubt; jury, where models disagree; divergent, where people and
    models differ; duel_ucb and duel_thompson, pairs of sources whose order is still open. A draw
    spreads the share `epsilon` evenly over all candidates. `strata` names a fact of the items
    whose values get their turn in proportion (walks) or equally often (draws). `question` is the
    one that a draw reads; without it the first that has codes, or for duels compares responses.

    A reservation ends after `lease_minutes`. `limit` bounds how many units one person is given (0:
    no bound). With `one_key` a screen with a single choice is submitted by the choice itself. With
    `options` shuffled, options without an order stand in an order drawn for each person. With
    `fast_lane` people may take units ahead and answer them without waiting for the server, where
    the questions allow it.
    """

    overlap: int = Field(default=2, ge=1, le=1000)
    order: Order = "shared"
    strata: str = ""
    question: str = ""
    epsilon: float = Field(default=0.1, ge=0.05, le=1)
    candidates: int = Field(default=32, ge=2, le=128)
    limit: int = Field(default=0, ge=0)
    options: Literal["fixed", "shuffled"] = "fixed"
    lease_minutes: int = Field(default=30, ge=1, le=7 * 24 * 60)
    one_key: bool = True
    fast_lane: bool = True

    @property
    def version(self) -> str:
        """Name and version of the rule that chooses units, as assignments record it."""
        return f"{self.order}/{2 if self.order == 'per_rater' else 1}"


class Pairs(Policy):
    """Which pairs of an item's outputs become units, where the study shows them in pairs.

    all: every pair (k choose 2). round_robin: every output against every one of another source, in
    rounds in which each source meets one other; `rounds` bounds how many (0: all). against: the
    outputs whose `by` (source or role) is in `one` against those in `other`, or all others. margin:
    pairs whose `score` differs by at least `least` and at most `most`. bonus: the `top` pairs of
    each item by score + `weight` x novelty, novelty being 1 - the highest TF-IDF cosine to another
    output of the item.

    `score` names a fact of the outputs, or of the item: `reward/first` there, or a mapping by the
    outputs' keys. `audit` is the share of the pairs left out by the rule that is taken all the
    same, drawn by the study's seed. `reads` says which settings each rule has.
    """

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "all": (), "round_robin": ("rounds", "audit"), "against": ("by", "one", "other", "audit"),
        "margin": ("score", "least", "most", "audit"), "bonus": ("score", "weight", "top", "audit"),
    }  # fmt: skip
    rule: Literal["all", "round_robin", "against", "margin", "bonus"] = Field(
        default="all", description="which pairs are taken"
    )
    rounds: int = Field(default=0, ge=0, le=1000)
    by: Literal["source", "role"] = "source"
    one: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    score: str = ""
    least: float | None = Field(default=None, ge=0)
    most: float | None = Field(default=None, ge=0)
    weight: float = Field(default=1.0, ge=0)
    top: int = Field(default=1, ge=1, le=10_000)
    audit: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _whole(self) -> "Pairs":
        if self.rule == "all" and self.model_fields_set - {"rule"}:
            wrong = "`all` takes every pair and has no settings; choose another rule"
            raise Misplaced(("rule",), wrong)
        if self.rule == "against" and not self.one:
            raise Misplaced(("one",), "`against` needs `one`: the sources or roles of the one side")
        if set(self.one) & set(self.other):
            both = min(set(self.one) & set(self.other))
            raise Misplaced(("other",), f"{both!r} stands on both sides")
        if self.rule in {"margin", "bonus"} and not self.score:
            raise Misplaced(("score",), f"`{self.rule}` needs `score`: the fact that holds it")
        if self.rule == "margin" and self.least is None and self.most is None:
            raise Misplaced(("least",), "`margin` needs `least`, `most` or both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise Misplaced(("least",), "`least` is above `most`, which leaves no pair")
        return self


class Reveal(Policy):
    """Whether a person sees the models' verdict on a unit, and what is hidden from them.

    never; before answering; after: the person answers, sees the verdict, and may revise, and both
    answers are kept. `arms` draws one of the three for each person and item, in the proportions
    `shares`. The verdict is that of the worker named `worker`, else what most models and rules say.
    With `mask` the names of models and their makers are hidden in responses.
    """

    mode: Literal["never", "before", "after", "arms"] = Field(
        default="never", description="when people see the models' verdict"
    )
    worker: str = ""
    shares: Mapping[str, float] = Field(default_factory=lambda: dict.fromkeys(REVEALED, 1.0))
    mask: bool = False

    @model_validator(mode="after")
    def _arms(self) -> "Reveal":
        wrong = sorted(set(self.shares) - set(REVEALED))
        if wrong:
            known = f"there are: {', '.join(REVEALED)}"
            raise Misplaced(("shares",), f"no such arm: {wrong[0]!r}; {known}")
        if min(self.shares.values(), default=0) < 0 or sum(self.shares.values()) <= 0:
            raise Misplaced(("shares",), "shares are not negative, and at least one is above 0")
        return self


class Round(Policy):
    """A set of items with known answers that a person goes through, again if need be.

    Its items are those whose fact `checks.by` is the round's name. training explains each answer;
    qualification does not, and who stays below `mark` (a mean grade, 0 to 1) after `attempts`
    is given nothing more; calibration explains, and comes when a person's agreement with the
    others has fallen below `drift` over their last `window` units that others answered too.
    """

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        max_length=40,
        description="the value of the items' fact that says they belong to it",
    )
    kind: Literal["training", "qualification", "calibration"] = Field(
        default="training", description="whether answers are explained, and what follows from them"
    )
    mark: float = Field(default=0.0, ge=0, le=1)
    attempts: int = Field(default=2, ge=1, le=20)
    drift: float = Field(default=0.6, ge=0, le=1)
    window: int = Field(default=20, ge=5, le=200)


class Checks(Policy):
    """What keeps an eye on the raters: known answers, attention items, units asked again.

    The fact `by` of an item says what it is for: `gold`, `attention`, or the name of a round; such
    items are asked of everybody and never count towards the overlap. The shares say how often one
    is mixed in, and how often a person is asked a unit of their own again, `retest_gap` or more
    units later. An answer given in under `minimum_seconds` is not taken.
    """

    by: str = "use"
    gold_share: float = Field(
        default=0.0, ge=0, le=0.5, description="how often an item with a known answer is mixed in"
    )
    attention_share: float = Field(
        default=0.0, ge=0, le=0.5, description="how often an attention item is mixed in"
    )
    retest_share: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="how often a person is asked a unit of their own again",
    )
    retest_gap: int = Field(default=10, ge=1, le=10_000)
    minimum_seconds: float = Field(default=0.0, ge=0, le=600)
    rounds: tuple[Round, ...] = Field(
        default=(), description="training, qualification (a quiz) and calibration"
    )

    @model_validator(mode="after")
    def _whole(self) -> "Checks":
        if self.gold_share + self.attention_share + self.retest_share > 0.9:
            wrong = "gold, attention and retest leave less than a tenth for the work"
            raise Misplaced(("gold_share",), wrong)
        names = [r.name for r in self.rounds]
        if len(set(names)) < len(names) or {"gold", "attention"} & set(names):
            wrong = "rounds need names of their own, other than gold and attention"
            raise Misplaced(("rounds",), wrong)
        return self

    @property
    def pools(self) -> tuple[str, ...]:
        """Values of the fact that take an item out of the ordinary work."""
        mixed = [("gold", self.gold_share), ("attention", self.attention_share)]
        return (*(name for name, share in mixed if share), *(r.name for r in self.rounds))

    @property
    def mixes(self) -> bool:
        """Whether anything is mixed in."""
        return self.gold_share + self.attention_share + self.retest_share > 0


class Questionnaire(Policy):
    """Questions about the person, by name, asked once before the work and once after it."""

    before: tuple[str, ...] = Field(
        default=(), description="questions about the person before the first unit"
    )
    after: tuple[str, ...] = Field(
        default=(), description="questions about the person after the last unit"
    )

    @property
    def names(self) -> frozenset[str]:
        """Every question that is asked of the person, and so of no unit."""
        return frozenset((*self.before, *self.after))


class Arm(Policy):
    """One arm of an experiment: what its people do not see or are not asked, and their guidelines.

    `hide` names fields of the item; `outputs` bounds how many of the item's outputs of each role
    are shown (passages: 2), those drawn for the person; `skip` names questions that are not asked.
    """

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        max_length=40,
        description="what the arm is called in the results",
    )
    share: float = Field(
        default=1.0, gt=0, description="its part of the people or units, against the other arms"
    )
    hide: tuple[str, ...] = ()
    outputs: Mapping[str, int] = Field(default_factory=dict)
    skip: tuple[str, ...] = ()
    guidelines: str = Field(
        default="", description="guidelines of this arm, in place of the study's"
    )

    @model_validator(mode="after")
    def _named(self) -> "Arm":
        if self.name in REVEALED:
            wrong = f"{self.name!r} is the name of an arm of `reveal`; choose another"
            raise Misplaced(("name",), wrong)
        return self


class Experiment(Policy):
    """People are shown things differently.

    between: each person stays in one arm; within: the arm changes from unit to unit, equally often
    in every block of units.
    """

    design: Literal["between", "within"] = Field(
        default="between", description="whether people stay in one arm or change from unit to unit"
    )
    arms: tuple[Arm, ...] = Field(default=(), description="two or more; none is no experiment")

    @model_validator(mode="after")
    def _several(self) -> "Experiment":
        names = [arm.name for arm in self.arms]
        if len(names) == 1 or len(set(names)) < len(names):
            wrong = "an experiment needs two or more arms with different names"
            raise Misplaced(("arms",), wrong)
        return self

    def arm(self, names: str) -> Arm | None:
        """The arm among the names that an assignment records, or None."""
        taken = names.split("+")
        return next((arm for arm in self.arms if arm.name in taken), None)
