"""A value under every token of a text."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any, Self

from core.content.base import Change, Content, Segment, contents, storable
from core.content.hunks import WORDS
from core.content.reading import first, listed, number, record, text
from core.ui import Ui
from core.units import Invalid


@contents.register
class Heat(Content):
    """Tokens with values; `data` is `{"tokens": [[text, value]], "measure", "low", "high"}`.

    A value may be null. Tokens carry their own blanks; where none of them has any, they are words
    and blanks stand between them. `low` and `high` are the ends of the scale (those of the values,
    when left out), `measure` says what the values are. Segments are the tokens that are not blank,
    keyed from 1.
    """

    kind = "heat"

    @classmethod
    def parse(cls, raw: Any) -> "Heat":
        if isinstance(raw, list):
            raw = {"tokens": raw}
        raw = record(raw, "heat", "tokens and values")
        tokens = _tokens(raw)
        if not any(word.strip() for word, _ in tokens):
            raise Invalid("heat", "expected a token that is not blank")
        if len(tokens) > 1 and not any(any(c.isspace() for c in word) for word, _ in tokens):
            tokens = [[(" " if n else "") + t[0], t[1]] for n, t in enumerate(tokens)]
        values = [value for _, value in tokens if value is not None]
        low = number(raw.get("low", min(values, default=0)), "heat, low")
        high = number(raw.get("high", max(values, default=1)), "heat, high")
        if low > high:
            raise Invalid("heat, low", "expected a number that is not above `high`")
        measure = text(raw.get("measure"), "heat, measure")
        kept: dict[str, Any] = {"tokens": tokens, "low": low, "high": high}
        return cls(kept | ({"measure": measure} if measure else {}))

    def show(self, ui: Ui) -> None:
        ui.heat(
            self.data["tokens"], low=self.data["low"], high=self.data["high"],
            measure=self.data.get("measure", ""),
        )  # fmt: skip

    def words(self) -> str:
        """The text without the values."""
        return "".join(word for word, _ in self.data["tokens"])

    def text(self) -> str:
        name = self.data.get("measure") or "value"
        scale = f"{self.data['low']:g} to {self.data['high']:g}"
        lines = [f"{word.strip()}: {value:g}" for word, value in self.data["tokens"]
                 if value is not None]  # fmt: skip
        return "\n".join([self.words(), "", f"[{name} of each token, {scale}]", *lines])

    def segments(self) -> Sequence[Segment]:
        found, start = [], 0
        for place, (word, _) in enumerate(self.data["tokens"], 1):
            if word.strip():
                found.append(Segment(str(place), word, start, start + len(word)))
            start += len(word)
        return found

    def mapped(self, change: Change) -> Self:
        """A change may reach over several tokens: its words then stand in the first of them."""
        old = self.words()
        new, given = change(old), self.data["tokens"]
        kept = dict(self.data)
        if new != old:
            shared = _shared([word for word, _ in given], old, new)
            kept["tokens"] = [[word, t[1]] for word, t in zip(shared, given, strict=True)]
        if "measure" in kept:
            kept["measure"] = change(kept["measure"])
        return replace(self, data=kept)

    @classmethod
    def example(cls) -> "Heat":
        tokens = [["Rice", 0.1], [" keeps", 0.3], [" for", 0.2], [" weeks", 0.9], [".", None]]
        return cls.parse({"tokens": tokens, "low": 0, "high": 1, "measure": "surprise"})


def _tokens(raw: dict[str, Any]) -> list[list[Any]]:
    given = listed(first(raw, "tokens", "words"), "heat", "tokens")
    values = raw.get("values")
    if values is not None:
        if not isinstance(values, list) or len(values) != len(given):
            raise Invalid("heat, values", f"expected {len(given)} values, one per token")
        given = [[token, value] for token, value in zip(given, values, strict=True)]
    return [_token(pair, f"token {place}") for place, pair in enumerate(given, 1)]


def _token(raw: Any, where: str) -> list[Any]:
    if isinstance(raw, dict):
        raw = [first(raw, "text", "token"), raw.get("value")]
    if not isinstance(raw, list) or len(raw) != 2:
        raise Invalid(where, "expected [text, value]")
    value = None if raw[1] is None else number(raw[1], f"{where}, value")
    return [storable(raw[0], f"{where}, text"), value]


def _shared(words: Sequence[str], old: str, new: str) -> list[str]:
    """The changed text in as many tokens as before; what replaces several stands in the first."""
    owner = [place for place, word in enumerate(words) for _ in word]
    found = [""] * len(words)
    before, after = WORDS.findall(old), WORDS.findall(new)
    at = 0
    for what, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        gone, come = "".join(before[a:b]), "".join(after[c:d])
        if what == "equal":
            for place, character in enumerate(gone, at):
                found[owner[place]] += character
        elif come:
            found[owner[min(at, len(owner) - 1)]] += come
        at += len(gone)
    return found
