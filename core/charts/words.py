"""Numbers said in plain words."""

from core.statistics.base import Estimate

FEW = 20


def agree_words(who: str, percent: Estimate, measure: Estimate | None = None) -> str:
    """How often raters agree, out of ten, and how often chance alone would make them.

    >>> words = agree_words("People", Estimate("percent", 0.7, n=100),
    ...                     Estimate("cohen", 0.492, detail={"pe": 0.41}))
    >>> words
    'People agree on 7 of 10 units; chance alone would give 4 of 10.'
    >>> agree_words("People", Estimate("percent", 0.75, n=4))
    'People agree on 75% of 4 units, too few to say more.'
    """
    if percent.value is None:
        return f"{who}: {percent.note}."
    chance = measure.detail.get("pe") if measure is not None else None
    if percent.n < FEW:
        return f"{who} agree on {percent.value:.0%} of {percent.n} units, too few to say more."
    text = f"{who} agree on {tenths(percent.value)} units"
    return (
        f"{text}; chance alone would give {tenths(chance)}." if chance is not None else f"{text}."
    )


def tenths(share: float) -> str:
    """A share as so many of ten; near the ends of a hundred.

    >>> tenths(0.71), tenths(0.981)
    ('7 of 10', '98 of 100')
    """
    if 0.05 <= share <= 0.95 or share in (0.0, 1.0):
        return f"{share * 10:.0f} of 10"
    return f"{share * 100:.0f} of 100"


def interval_words(estimate: Estimate) -> str:
    """Value and interval as text, or why there is none.

    >>> interval_words(Estimate("alpha", 0.8642, 0.8415, 0.8869))
    '0.86 [0.84, 0.89]'
    """
    if estimate.value is None:
        return estimate.note
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f} ({estimate.note or 'no interval'})"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
