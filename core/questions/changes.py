"""What the kinds share that say what is to be changed in a content."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from core.content.base import Content
from core.questions.base import TENTHS, About, Entry, Parted, Scale
from core.units import Unit


class Changes(Parted):
    """A list of changes to a content, one per part that is wrong; an empty one says all is right.

    Coded by the share of parts kept, in tenths. Subclasses say what a change comes to.
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

    def changes(self, value: Any) -> set[Hashable]:
        """Each change of a value, what it comes to included."""
        raise NotImplementedError

    def distance(self, a: Any, b: Any) -> float:
        """1 - F1 of the changes, what they come to included; two without any are 0 apart."""
        one, two = self.changes(a), self.changes(b)
        return 1 - 2 * len(one & two) / (len(one) + len(two)) if one or two else 0.0

    def entry(self) -> Entry:
        return "typing"

    def scale(self, unit: Unit | None = None) -> Scale:
        return TENTHS

    def argilla(self) -> dict[str, Any]:
        return {"type": "text", "name": self.name, "title": self.title}
