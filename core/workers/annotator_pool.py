"""Who simulated annotators are: personas, ways of asking, how many cases in one request."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

LAZY = (
    "You are Max. You do this for pocket money and want to be done: you skim, you like short "
    "answers and lists, and when two look much alike you take the first."
)
BOOKISH = (
    "You are Ines. You have read much, you enjoy long and well-built sentences, and wrong grammar "
    "spoils an answer for you."
)
HURRIED = "You have many of these to do today and trust your first impression."
CAREFUL = "You read everything twice and check each claim that you can check."

Style = Literal["reasoned", "bare"]
MOST = 20


class Annotator(BaseModel):
    """One annotator: a name, who it pretends to be, how it is asked, and which model it is.

    `style` reasoned asks for the reasoning first, bare for the choice alone. `cases` is how many
    units it may judge in one request. With `history` worked cases come first, as earlier turns of
    the conversation that it answered. `model` names one of the pool's models; '' is the worker's
    own. `bias` makes tokens more or less likely (token number as the endpoint counts them -> -100
    to 100), where the endpoint takes `logit_bias`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1, max_length=60, description="what the annotator is called")
    persona: str = Field(default="", description="who the model is told that it is")
    style: Style = "reasoned"
    cases: int = Field(
        default=1, ge=1, le=MOST, description="how many units it judges in one request, at most"
    )
    history: bool = Field(
        default=False, description="worked cases come first, as earlier turns of a conversation"
    )
    model: str = ""
    bias: Mapping[str, float] = Field(default_factory=dict)

    @field_validator("bias")
    @classmethod
    def _within(cls, bias: Mapping[str, float]) -> Mapping[str, float]:
        if any(not -100 <= weight <= 100 for weight in bias.values()):
            raise ValueError("a token's bias goes from -100 to 100")
        return bias


VARIANTS: Sequence[tuple[str, Style]] = (
    ("", "reasoned"), ("", "bare"), (LAZY, "bare"), (BOOKISH, "reasoned"), (CAREFUL, "reasoned"),
)  # fmt: skip

Asked = tuple[str, Style, int, bool]
ORIGINAL: Sequence[Sequence[Asked]] = (
    (("", "reasoned", 4, True), (BOOKISH, "bare", 5, False), ("", "bare", 5, False),
     ("", "bare", 1, True), (LAZY, "bare", 5, False)),
    (("", "bare", 1, False), ("", "reasoned", 1, True), ("", "bare", 1, True),
     (HURRIED, "bare", 1, True)),
    (("", "reasoned", 4, False), ("", "bare", 1, False), ("", "bare", 5, False),
     (HURRIED, "bare", 1, False)),
)  # fmt: skip


def thirteen(models: Sequence[str]) -> tuple[Annotator, ...]:
    """Five annotators on the first model, four on the second, four on the third, one unit each.

    With fewer models they come round again, and then differ in persona and way of asking only.
    """
    later = (*VARIANTS[1:4], (HURRIED, VARIANTS[1][1]))
    plain = [[(who, style, 1, False) for who, style in each] for each in (VARIANTS, later, later)]
    return _named(plain, models)


def original(models: Sequence[str]) -> tuple[Annotator, ...]:
    """Thirteen asked as AlpacaFarm's were: who gets four or five cases at once, who a history.

    Dubois et al. (2023), the pool's configuration: on GPT-4 four in JSON with reasons after worked
    turns, five for both personas and for one without, one after worked turns; on ChatGPT one at a
    time, three of four after worked turns; on davinci-003 four, one, five and one. Where two of
    them differed in the wording alone, the second is told that it is in a hurry. The words are
    Concord's own.
    """
    return _named(ORIGINAL, models)


def _named(ways: Sequence[Sequence[Asked]], models: Sequence[str]) -> tuple[Annotator, ...]:
    return tuple(
        Annotator(
            name=f"{'abc'[place]}{number}", persona=persona, style=style, cases=cases,
            history=history, model=models[place % len(models)],
        )
        for place, each in enumerate(ways)
        for number, (persona, style, cases, history) in enumerate(each, 1)
    )  # fmt: skip
