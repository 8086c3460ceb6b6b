"""Answers held against known ones: how much of an answer is right, and what differs in words."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

RIGHT = 1 - 1e-9
SIGNS = ".,;:!?…\"'“”„‘’«»()[]{}¿¡،؛؟。、"


@dataclass(frozen=True, slots=True)
class Told:
    """A text of the desk by its English words, with the facts that fill it in.

    A fact may be such a text itself, or several facts that stand beside each other; all others are
    words of the study, or numbers.
    """

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return filled(self, str.format, str)


@dataclass(frozen=True, slots=True)
class Grade:
    """How much of an answer is right, 0 to 1, and what differs from the known one.

    `differs` may be empty for an answer that is one thing, where the known answer says it all.
    """

    credit: float
    differs: tuple[Told, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the whole answer is right."""
        return self.credit >= RIGHT


def filled(fact: Any, say: Callable[..., str], show: Callable[[Any], str]) -> str:
    """A text in words: `say(text, **facts)` puts it in a language, `show` words of the study."""
    if isinstance(fact, Told):
        facts = {name: filled(one, say, show) for name, one in fact.facts.items()}
        return say(fact.text, **facts)
    if isinstance(fact, tuple):
        return ": ".join(filled(one, say, show) for one in fact)
    return show(fact)


def told(text: str, **facts: Any) -> Told:
    """A text of the desk by its English words."""
    return Told(text, facts)


def lacking(what: Any) -> Told:
    """Something that the known answer has and this one has not."""
    return told("missing: {what}", what=what)


def needless(what: Any) -> Told:
    """Something that this answer has and the known one has not."""
    return told("too much: {what}", what=what)


def instead(what: Any, known: Any, given: Any) -> Told:
    """Something that both have, and answer differently."""
    return told("{what}: {known} is right, not {given}", what=what, known=known, given=given)


def f1(hits: float, known: int, given: int) -> float:
    """2 hits / (known + given), the harmonic mean of precision and recall; 1 for two empty sets.

    >>> f1(1, 2, 1), f1(0, 0, 0), f1(0, 0, 3)
    (0.6666666666666666, 1.0, 0.0)
    """
    return 2 * hits / (known + given) if known or given else 1.0


def of_sets(known: Mapping[Hashable, Any], given: Mapping[Hashable, Any]) -> Grade:
    """F1 of what an answer holds; both by key, with what each is called."""
    differs = [lacking(name) for key, name in known.items() if key not in given]
    differs += [needless(name) for key, name in given.items() if key not in known]
    hits = len(known.keys() & given.keys())
    return Grade(f1(hits, len(known), len(given)), tuple(differs))


def of_puts(
    known: Mapping[str, str], given: Mapping[str, str], words: tuple[Mapping[str, Any], ...]
) -> Grade:
    """F1 of changes by part and what each comes to; `words` say what known and given ones do.

    `words` are the names of the parts, what the known answer puts there, and what this one puts.
    """
    names, right, own = words
    differs = []
    for part in names:
        if part in known and part in given and known[part] != given[part]:
            differs.append(instead(names[part], right[part], own[part]))
        elif part in known and part not in given:
            differs.append(lacking((names[part], right[part])))
        elif part in given and part not in known:
            differs.append(needless((names[part], own[part])))
    hits = len(set(known.items()) & set(given.items()))
    return Grade(f1(hits, len(known), len(given)), tuple(differs))


def of_words(known: str, given: str) -> Grade:
    """F1 of the words of two texts, small and capital letters and signs at their ends alike.

    As short answers are graded (Rajpurkar and others 2016), but for articles, which not every
    language has.

    >>> round(of_words("The Rialto bridge.", "rialto bridge").credit, 4)
    0.8
    """
    one, two = _words(known), _words(given)
    return Grade(f1((one & two).total(), one.total(), two.total()))


def _words(text: str) -> Counter[str]:
    found = (word.strip(SIGNS) for word in text.casefold().split())
    return Counter(word for word in found if word)
