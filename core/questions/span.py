"""Marked places in a text, each of a type; evidence for them; what is missing."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pydantic import Field, field_validator

from core.content.base import storable
from core.places import Text, name_of, overlap, place_of, points, texts_of
from core.questions.base import PLACE, About, Question, Scale, questions
from core.questions.grades import Grade, f1
from core.questions.marks import span_words, tidied
from core.telling import Told, several
from core.ui import Ui
from core.units import Unit


@questions.register
class Span(Question):
    """Places of a text with their types; they may overlap. Offsets count code points.

    The value is `{"spans": [{"output": "a", "start": 4, "end": 9, "quote": "...", "type": "..."}],
    "missing": [{"type": "...", "note": "..."}]}`; a place in a field says `field` in place of
    `output`. A span or a missing piece may carry `evidence`, a list of places, and a `note`. Both
    lists empty means that there is nothing to mark. Slot '' codes whether anything is marked, and
    slot `type` whether that type is.
    """

    kind = "span"
    about: About = "output"
    types: Mapping[str, str] = Field(description="types of spans and what each means")
    priority: bool = Field(
        default=False, description="where several types fit, the one named first is taken"
    )
    missing: Mapping[str, str] = Field(
        default_factory=dict, description="kinds of information that the text may lack"
    )
    within: tuple[str, ...] = Field(
        default=(), description="fields or roles to mark in; all outputs when empty"
    )
    evidence: bool = Field(default=False, description="let each span name places that show it")
    needs_evidence: tuple[str, ...] = Field(
        default=(), description="types that need evidence to be given"
    )
    overlap: bool = Field(default=True, description="whether spans may overlap")
    most: int = Field(default=200, ge=1, le=2000, description="how many spans may be marked")

    @field_validator("types", mode="before")
    @classmethod
    def _named(cls, types: Any) -> Any:
        if isinstance(types, list | tuple):
            types = {str(name): "" for name in types}
        if not isinstance(types, Mapping) or not types:
            raise ValueError("give at least one type, as a list or as name: meaning")
        return {str(name): str(meaning or "") for name, meaning in types.items()}

    def texts(self, unit: Unit) -> dict[Text, str]:
        """The texts that may be marked, in the order shown."""
        every = texts_of(unit)
        roles = {output.key: output.role for output in unit.outputs}
        if self.within:
            return {
                place: text for place, text in every.items()
                if place[1] in self.within or roles.get(place[1]) in self.within
            }  # fmt: skip
        outputs = {place: text for place, text in every.items() if place[0] == "output"}
        return outputs or every

    def ask(self, ui: Ui, unit: Unit, draft: Any = None) -> Any:
        marked, every = self.texts(unit), texts_of(unit)
        if not marked:
            raise self.refuse(Told("this unit has no text to mark places in"))
        texts = [
            {"where": where, "key": key, "name": name_of(unit, where, key), "text": text,
             "marked": (where, key) in marked}
            for (where, key), text in (every if self.evidence else marked).items()
        ]  # fmt: skip
        return ui.tool(
            "span", name=self.name, title=self.title, help=self.help, required=self.required,
            value=draft, facts={"texts": texts, "types": dict(self.types),
                                "missing": dict(self.missing), "evidence": self.evidence,
                                "priority": self.priority, "overlap": self.overlap},
        )  # fmt: skip

    def instruct(self, unit: Unit) -> str:
        lines = [
            self.heading(),
            "Mark places of the text: quote each exactly as it stands there, as short as it can "
            "be, and give its type. An empty list means that there is nothing to mark.",
        ]
        lines += [f"{n}: {meaning}" if meaning else n for n, meaning in self.types.items()]
        if self.priority:
            lines.append("Where several types fit, take the one that is listed first.")
        if self.missing:
            lines.append("Under `missing` name what the text lacks:")
            lines += [f"{n}: {meaning}" if meaning else n for n, meaning in self.missing.items()]
        if self.needs_evidence:
            lines.append(f"Give evidence, as quotes, for: {', '.join(self.needs_evidence)}.")
        return "\n".join(lines)

    def reply_schema(self, unit: Unit) -> dict[str, Any]:
        names = [name_of(unit, *place) for place in self.texts(unit)]
        quote = {"type": "string", "minLength": 1}
        place = {"text": {"enum": list(dict.fromkeys(names))}, "quote": quote,
                 "nth": {"type": "integer", "minimum": 1}}  # fmt: skip
        every = {"text": {"enum": [name_of(unit, *at) for at in texts_of(unit)]}, "quote": quote,
                 "nth": {"type": "integer", "minimum": 1}}  # fmt: skip
        proof = {"type": "array", "items": {"type": "object", "properties": every,
                                            "required": ["text", "quote"]}}  # fmt: skip
        more: dict[str, Any] = {"note": {"type": "string"}}
        if self.evidence:
            more["evidence"] = proof
        span = {"type": "object", "required": ["text", "quote", "type"],
                "properties": {**place, "type": {"enum": list(self.types)}, **more}}  # fmt: skip
        found: dict[str, Any] = {"spans": {"type": "array", "items": span, "maxItems": self.most}}
        if self.missing:
            lack = {"type": {"enum": list(self.missing)}, **more}
            found["missing"] = {"type": "array", "items": {
                "type": "object", "properties": lack, "required": ["type"]}}  # fmt: skip
        return {"type": "object", "properties": found, "required": ["spans"]}

    def read(self, reply: Any, unit: Unit) -> Any:
        if not isinstance(reply, Mapping) or not isinstance(reply.get("spans"), list):
            raise self.refuse("expected a list of spans")
        lacks = reply.get("missing") or []
        if not isinstance(lacks, list):
            raise self.refuse("expected a list of missing pieces")
        spans = [self._found(one, unit) for one in reply["spans"]]
        return self.check(
            {"spans": spans, "missing": [self._proved(one, unit) for one in lacks]}, unit
        )

    def _found(self, quoted: Any, unit: Unit) -> dict[str, Any]:
        """The place that a model's quote stands at."""
        if not isinstance(quoted, Mapping):
            raise self.refuse("expected spans as objects")
        places = {name_of(unit, *place): (place, text) for place, text in texts_of(unit).items()}
        name, quote, nth = quoted.get("text"), quoted.get("quote"), quoted.get("nth", 1)
        if not isinstance(name, str) or name not in places or not isinstance(quote, str):
            raise self.refuse(f"expected a text out of {list(places)} and a quote from it")
        (where, key), text = places[name]
        start = -1
        for _ in range(nth if isinstance(nth, int) and 1 <= nth <= len(text) + 1 else 1):
            start = text.find(quote, start + 1)
            if start < 0 or not quote:
                raise self.refuse(f"the quote {quote[:60]!r} does not stand in {name}")
        rest = {k: v for k, v in quoted.items() if k not in {"text", "quote", "nth"}}
        place = {where: key, "start": start, "end": start + len(quote), "quote": quote}
        return {**place, **self._proved(rest, unit)}

    def _proved(self, one: Any, unit: Unit) -> dict[str, Any]:
        if not isinstance(one, Mapping):
            raise self.refuse("expected missing pieces as objects")
        proof = one.get("evidence")
        if not isinstance(proof, list):
            return dict(one)
        return {**one, "evidence": [self._found(place, unit) for place in proof]}

    def reply(self, value: Any, unit: Unit) -> Any:
        texts = texts_of(unit)

        def quoted(place: Mapping[str, Any]) -> dict[str, Any]:
            at = place_of(place)
            before = texts[at][: place["start"] + len(place["quote"]) - 1]
            nth = 1 + sum(before.startswith(place["quote"], n) for n in range(place["start"]))
            return {"text": name_of(unit, *at), "quote": place["quote"], "nth": nth}

        def more(one: Mapping[str, Any]) -> dict[str, Any]:
            proof = [quoted(place) for place in one.get("evidence", [])]
            rest = {k: one[k] for k in ("type", "note") if k in one}
            return {**rest, "evidence": proof} if proof else rest

        found: dict[str, Any] = {"spans": [{**quoted(s), **more(s)} for s in value["spans"]]}
        if value["missing"]:
            found["missing"] = [more(one) for one in value["missing"]]
        return found

    def check(self, value: Any, unit: Unit) -> Any:
        if not isinstance(value, Mapping) or set(value) - {"spans", "missing"}:
            raise self.refuse("expected `spans` and `missing`, nothing else")
        spans, lacks = value.get("spans", []), value.get("missing", [])
        for found in (spans, lacks):
            if not isinstance(found, list | tuple) or len(found) > self.most:
                raise self.refuse(f"expected lists of at most {self.most}")
        kept = [self._span(one, unit) for one in spans]
        kept.sort(key=lambda s: (place_of(s), s["start"], s["end"], s["type"]))
        marks = [(place_of(s), s["start"], s["end"], s["type"]) for s in kept]
        if len(set(marks)) < len(marks):
            raise self.refuse(Told("the same place has the same type twice"))
        if not self.overlap and any(overlap(a, b) for a, b in pairwise(kept)):
            raise self.refuse(Told("spans may not overlap here"))
        names = list(self.missing)
        absent = [self._missing(one, unit) for one in lacks]
        absent.sort(key=lambda one: (names.index(one["type"]), one.get("note", "")))
        return {"spans": kept, "missing": absent}

    def _span(self, one: Any, unit: Unit) -> dict[str, Any]:
        place = self._place(one, self.texts(unit), {"type", "note", "evidence"})
        kind = one.get("type")
        if not isinstance(kind, str) or kind not in self.types:
            raise self.refuse(f"expected a type out of: {', '.join(self.types)}")
        found = {**place, "type": kind, **self._more(one, unit)}
        if kind in self.needs_evidence and "evidence" not in found:
            words = "“{type}” needs evidence: mark the place that shows it"
            raise self.refuse(Told(words, type=kind))
        return found

    def _missing(self, one: Any, unit: Unit) -> dict[str, Any]:
        if not isinstance(one, Mapping) or set(one) - {"type", "note", "evidence"}:
            raise self.refuse("expected missing pieces with type, note and evidence")
        kind = one.get("type")
        if not isinstance(kind, str) or kind not in self.missing:
            raise self.refuse(f"expected a missing piece out of: {', '.join(self.missing)}")
        return {"type": kind, **self._more(one, unit)}

    def _more(self, one: Mapping[str, Any], unit: Unit) -> dict[str, Any]:
        note, proof = one.get("note", ""), one.get("evidence", [])
        if not isinstance(note, str) or len(note) > 2000:
            raise self.refuse(Told("expected a note of at most {most} characters", most=2000))
        if not isinstance(proof, list | tuple) or len(proof) > 20 or (proof and not self.evidence):
            raise self.refuse("expected at most 20 places of evidence, where evidence is asked for")
        places = [self._place(place, texts_of(unit), set()) for place in proof]
        found: dict[str, Any] = {"note": storable(note, self.name)} if note else {}
        return {**found, "evidence": places} if places else found

    def _place(self, one: Any, texts: Mapping[Text, str], more: set[str]) -> dict[str, Any]:
        if not isinstance(one, Mapping) or set(one) - {"output", "field", "start", "end", "quote",
                                                       *more}:  # fmt: skip
            raise self.refuse("expected output or field, start, end and quote")
        at, start, end = place_of(one), one.get("start"), one.get("end")
        if at not in texts:
            raise self.refuse(f"expected a place in one of: {[key for _, key in texts]}")
        whole = type(start) is int and type(end) is int
        if not (whole and 0 <= int(start or 0) < int(end or 0) <= len(texts[at])):
            raise self.refuse(f"{start!r} to {end!r} lies outside the text ({len(texts[at])} long)")
        quote = texts[at][start:end]
        if one.get("quote", quote) != quote:
            raise self.refuse(f"the quote does not match the text at {start} to {end}: {quote!r}")
        return {at[0]: at[1], "start": start, "end": end, "quote": quote}

    def cell(self, raw: Any, unit: Unit) -> Any:
        return self.check(self.parsed(raw), unit)

    def scale(self, unit: Unit | None = None) -> Scale:
        return Scale(level="nominal", labels=("nothing marked", "something marked"))

    def entry(self) -> Any:
        return "typing"

    def slots(self) -> Mapping[str, Scale]:
        return {"type": Scale(level="nominal", labels=("absent", "present"))}

    def codes(self, value: Any, unit: Unit) -> dict[str, int]:
        seen = {one["type"] for one in (*value["spans"], *value["missing"])}
        every = dict.fromkeys([*self.types, *self.missing])
        return {"": int(bool(seen)), **{f"type{PLACE}{name}": int(name in seen) for name in every}}

    def distance(self, a: Any, b: Any) -> float:
        """1 - F1 over (text, character, type), and one point for each missing piece."""
        one, two = set(points(a)), set(points(b))
        if not one and not two:
            return 0.0
        return 1 - 2 * len(one & two) / (len(one) + len(two))

    def grade(self, value: Any, known: Any, unit: Unit) -> Grade:
        """F1 over typed characters and missing pieces; blanks at the ends of a span do not count.

        Notes and evidence do not enter.
        """
        right, given = tidied(known), tidied(value)
        one, two = set(points(right)), set(points(given))
        differs = () if one == two else tuple(span_words(right, given))
        return Grade(f1(len(one & two), len(one), len(two)), differs)

    def describe(self, value: Any, unit: Unit) -> str:
        said = [f"{s['type']}: “{s['quote'][:60]}”" for s in value["spans"]]
        said += [Told("missing: {what}", what=one["type"]) for one in value["missing"]]
        return several(said or [Told("nothing to mark")])

    def argilla(self) -> dict[str, Any]:
        return {"type": "span", "name": self.name, "labels": list(self.types),
                "allow_overlapping": self.overlap}  # fmt: skip

    @classmethod
    def sample(cls) -> "Span":
        return cls(name="example", title="An example", types={"wrong": "not so", "vague": ""})

    def example(self, unit: Unit) -> Any:
        if self.needs_evidence:
            return {"spans": [], "missing": []}
        (where, key), text = min(self.texts(unit).items())
        end = min(4, len(text))
        kind = next(iter(self.types))
        span = {where: key, "start": 0, "end": end, "quote": text[:end], "type": kind}
        return {"spans": [span] if end else [], "missing": []}
