"""A critique: what is held against a text, claim by claim, each anchored to what it attacks."""

import re
from collections.abc import Sequence
from typing import Any

from core.content import reading
from core.content.base import Content, Segment, contents
from core.ui import Ui
from core.units import Invalid

FACTS = ("kind", "fix", "quality", "why")
KNOWN = {"text", "quote", "start", "end", *FACTS}


@contents.register
class Critique(Content):
    """A summary and claims; `data` is `{"summary": ..., "verdict": ..., "claims": [...]}`.

    A claim is `{"text", "quote", "start", "end"}`: what is wrong, and the exact passage of the
    criticised text with its offsets there. A claim about what is missing has no passage. It may
    also say its `kind`, a `fix`, and what a second critic holds of it: `quality` and `why`. A text
    is read as a critique with a summary only.
    """

    kind = "critique"
    fixed = frozenset({"kind", "quality", "verdict"})

    @classmethod
    def parse(cls, raw: Any) -> "Critique":
        if isinstance(raw, str):
            raw = {"summary": raw}
        found = reading.record(raw, "critique", "summary and claims")
        odd = sorted(set(found) - {"summary", "verdict", "claims"})
        if odd:
            raise Invalid("critique", f"knows summary, verdict and claims; found {odd[0]!r}")
        given = found.get("claims") or []
        listed = reading.listed(given, "claims", "objects with text and quote", empty=True)
        claims = [_claim(claim, f"claim {place}") for place, claim in enumerate(listed, 1)]
        summary = reading.text(found.get("summary"), "summary")
        verdict = reading.text(found.get("verdict"), "verdict")
        if not claims and not summary.strip() and not verdict.strip():
            raise Invalid("critique", "expected a summary, a verdict or claims; found none")
        return cls(reading.without_empty({"summary": summary, "verdict": verdict}) | {
            "claims": claims})  # fmt: skip

    @property
    def claims(self) -> list[dict[str, Any]]:
        """The claims in order."""
        return list(self.data["claims"])

    def show(self, ui: Ui) -> None:
        head, lines = self._head(), self._lines()
        if head:
            ui.prose(head)
        for number, (claim, line) in enumerate(zip(self.claims, lines, strict=True), 1):
            title = f"{number}. {claim['kind']}" if claim.get("kind") else f"{number}."
            with ui.part(str(number - 1), title):
                ui.prose(claim["text"])
                rest = line[len(claim["text"]) :].strip("\n")
                if rest:
                    ui.plain(rest)

    def _head(self) -> str:
        words = [str(self.data.get("summary", ""))]
        if self.data.get("verdict"):
            words.append(f"Verdict: {self.data['verdict']}")
        return "\n\n".join(word for word in words if word.strip())

    def _lines(self) -> list[str]:
        return [_line(claim) for claim in self.claims]

    def text(self) -> str:
        lines = [f"{n}. {line}" for n, line in enumerate(self._lines(), 1)]
        return "\n\n".join(part for part in (self._head(), *lines) if part)

    def segments(self) -> Sequence[Segment]:
        """The claims, or the whole of a critique without any."""
        text, head = self.text(), self._head()
        if not self.claims:
            return [Segment("0", text, 0, len(text))] if text.strip() else []
        found, start = [], len(head) + 2 if head else 0
        for number, (claim, line) in enumerate(zip(self.claims, self._lines(), strict=True), 1):
            begin = start + len(f"{number}. ")
            words = str(claim["text"])
            found.append(Segment(str(number - 1), words, begin, begin + len(words)))
            start = begin + len(line) + 2
        return found

    @classmethod
    def example(cls) -> "Critique":
        return cls(
            {
                "summary": "The advice on rice is partly dangerous.",
                "verdict": "incorrect",
                "claims": [
                    {"text": "Rice does not keep for weeks.", "kind": "error",
                     "quote": "Rice keeps for weeks", "start": 0, "end": 20,
                     "fix": "Say three to four days."},
                    {"text": "It does not say that rice must be cooled quickly.",
                     "kind": "omission"},
                ],
            }
        )  # fmt: skip


def _line(claim: dict[str, Any]) -> str:
    parts = [str(claim["text"])]
    if claim.get("quote"):
        parts.append(f"About: “{claim['quote']}”")
    parts += [f"{name.capitalize()}: {claim[name]}" for name in FACTS[1:] if claim.get(name)]
    return "\n".join(parts)


def _claim(raw: Any, where: str) -> dict[str, Any]:
    found = reading.record(raw, where, "text and quote")
    odd = sorted(set(found) - KNOWN)
    if odd:
        raise Invalid(where, f"knows {', '.join(sorted(KNOWN))}; found {odd[0]!r}")
    made: dict[str, Any] = {"text": reading.words(found.get("text"), f"{where}, text")}
    quote = reading.text(found.get("quote"), f"{where}, quote")
    facts = {name: reading.text(found.get(name), f"{where}, {name}") for name in FACTS}
    made |= reading.without_empty(facts)
    start, end = found.get("start"), found.get("end")
    if (start is None) != (end is None) or (start is not None and not quote):
        raise Invalid(where, "start and end stand together, and with a quote")
    if quote:
        made["quote"] = quote
    if start is not None:
        made |= _place(start, end, where)
    return made


def _place(start: Any, end: Any, where: str) -> dict[str, int]:
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (start, end))
    if not whole or not 0 <= start < end < 10**9:
        raise Invalid(where, "start and end are the quote's offsets in the criticised text")
    return {"start": start, "end": end}


def anchored(quote: str, text: str) -> tuple[str, int, int] | None:
    r"""The passage of a text that a quotation names, with its offsets; None where it is not there.

    Word for word first; then with other spaces and line breaks, as models copy them. The passage
    comes back exactly as the text has it.

    >>> anchored("two  words", "Just two\nwords here")
    ('two\nwords', 5, 14)
    >>> anchored("three words", "Just two words") is None
    True
    """
    wanted = quote.strip().strip('“”"')
    if not wanted.strip():
        return None
    start = text.find(wanted)
    if start >= 0:
        return wanted, start, start + len(wanted)
    found = re.search(r"\s+".join(re.escape(word) for word in wanted.split()), text)
    return None if found is None else (found.group(), found.start(), found.end())
