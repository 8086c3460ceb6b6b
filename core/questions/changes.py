"""What the kinds share that say what is to be changed in a content."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Context
from typing import Any

from core.content.base import Content
from core.content.table import said
from core.questions.base import TENTHS, About, Entry, Parted, Scale
from core.questions.grades import Grade, of_puts
from core.units import Unit

LONGEST = 2_000
NUMBER = re.compile(r"[+-]?(?:0|[^\W\D0]\d*|(?=\.))(?:\.\d*)?(?:[eE][+-]?\d{1,3})?")
EXACT = Context(prec=LONGEST + 10)


def same_form(value: Any) -> str:
    """The form in which two values that are the same thing are equal: a number, a text, nothing.

    Numbers count by their value, however they are written (20, "20.0", "2e1"); a text that begins
    with a needless zero ("007") is no number, and nor is one with a sign between its digits
    ("1,000"). Of other texts neither blanks at the ends and their number between words nor small
    and capital letters count. Nothing is the same as an empty text.

    >>> [same_form(v) for v in (20, " 20.0", "2e1", "007", True, None, "  On  the Bridge ")]
    ['20', '20', '20', '007', 'true', '', 'on the bridge']
    """
    words = " ".join(unicodedata.normalize("NFC", said(value)).split())
    if not any(c.isdecimal() for c in words) or not NUMBER.fullmatch(words):
        return words.casefold()
    number = EXACT.create_decimal(words)
    return f"{number.normalize(EXACT):f}" if number else "0"


class Changes(Parted):
    """A list of changes to a content, one per part that is wrong; an empty one says all is right.

    Coded by the share of parts kept, in tenths. Subclasses say what its parts are, and what an
    answer puts at them.
    """

    about: About = "output"
    within: str = ""

    def start(self, unit: Unit, kind: str) -> Content | None:
        """What is to be changed: the first content of this kind, else the first at all.

        Outputs come first, in the order shown; `within` names a field or the role or key of one.
        """
        place = {key: n for n, key in enumerate(unit.order)}
        outputs = sorted((*unit.outputs, *unit.context), key=lambda o: place.get(o.key, 0))
        places = [({o.key, o.role}, o.content) for o in outputs]
        places += [({name}, content) for name, content in unit.fields.items()]
        named = [content for names, content in places if not self.within or self.within in names]
        return next((c for c in named if c.kind == kind), next(iter(named), None))

    def listed(
        self, value: Any, name: str, one: str, keys: Sequence[str], most: int
    ) -> list[Mapping[str, Any]]:  # fmt: skip
        """The list that a value holds under `name` and nothing else; each of it has these keys.

        `one` is what each is called. Raises `Invalid` for anything else, or more than `most`.
        """
        if not isinstance(value, Mapping) or set(value) != {name}:
            raise self.refuse(f"expected `{name}`, nothing else")
        found = value[name]
        if not isinstance(found, list | tuple) or len(found) > most:
            raise self.refuse(f"expected `{name}`, a list of at most {most}")
        for place, entry in enumerate(found, 1):
            if not isinstance(entry, Mapping) or set(entry) != set(keys):
                raise self.refuse(f"{one} {place}: expected {' and '.join(keys)}")
        return list(found)

    def parts(self, unit: Unit) -> dict[str, str]:
        """Every part that may be changed, in order: its key, and what it is called.

        Raises `Invalid` where the unit has none.
        """
        raise NotImplementedError

    def before(self, unit: Unit) -> dict[str, str]:
        """What stands at each part before anybody changes it, in words."""
        raise NotImplementedError

    def put(self, value: Any) -> dict[str, str]:
        """The parts that an answer changes, and what it puts there.

        In the form in which the same is equal, whoever wrote it; a part that is left has none.
        """
        raise NotImplementedError

    def put_words(self, value: Any, unit: Unit) -> dict[str, str]:
        """The same parts with what the answer puts there, in words."""
        raise NotImplementedError

    def told_puts(self, value: Any, unit: Unit) -> Mapping[str, Any]:
        """The same for a person at the desk, in its own texts."""
        return self.put_words(value, unit)

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """F1 of the changes, what they come to included."""
        words = (self.parts(unit), self.told_puts(known, unit), self.told_puts(value, unit))
        return of_puts(self.put(known), self.put(value), words)

    def reads_contents(self) -> bool:
        return True

    def distance(self, a: Any, b: Any) -> float:
        """1 - F1 of the changes, what they come to included; two without any are 0 apart."""
        one, two = set(self.put(a).items()), set(self.put(b).items())
        return 1 - 2 * len(one & two) / (len(one) + len(two)) if one or two else 0.0

    def entry(self) -> Entry:
        return "typing"

    def scale(self, unit: Unit | None = None) -> Scale:
        return TENTHS

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name, "title": self.title}
