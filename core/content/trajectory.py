"""What an agent did: thought, action, arguments and observation, step by step."""

from collections.abc import Sequence
from typing import Any

from core.content.base import Content, Segment, contents
from core.content.reading import (
    apart,
    first,
    key,
    listed,
    record,
    text,
    whole_json,
    without_empty,
)
from core.content.steps import blocks
from core.showing import Passage
from core.ui import Ui
from core.units import Invalid

NAMES = {
    "thought": ("thought", "reasoning"), "action": ("action", "tool"),
    "observation": ("observation", "result", "output"),
}  # fmt: skip


@contents.register
class Trajectory(Content):
    """What an agent thought, did and saw; `data` is a list of steps.

    `thought`, `action`, `arguments` and `observation` may be missing, but a step has one of them.
    Arguments given as JSON are kept as their text. Without a key a step is numbered from 1.
    Segments are steps.
    """

    kind = "trajectory"
    fixed = frozenset({"key"})

    @classmethod
    def parse(cls, raw: Any) -> "Trajectory":
        if isinstance(raw, dict):
            raw = first(raw, "trajectory", "steps")
        steps = [_step(s, n) for n, s in enumerate(listed(raw, "trajectory", "steps"), 1)]
        apart([step["key"] for step in steps], "trajectory")
        return cls(steps)

    def show(self, ui: Ui) -> None:
        for step in self.data:
            ui.step(step["key"], "", _passages(step))

    def text(self) -> str:
        return self._laid_out()[0]

    def segments(self) -> Sequence[Segment]:
        return self._laid_out()[1]

    def _laid_out(self) -> tuple[str, list[Segment]]:
        bodies = [(s["key"], _body(s)) for s in self.data]
        return blocks(bodies, [f"[step {s['key']}]" for s in self.data])

    @classmethod
    def example(cls) -> "Trajectory":
        return cls.parse(
            [
                {"thought": "I need the price first.", "action": "search",
                 "arguments": {"query": "price of rice"}, "observation": "2.10 per kilogram"},
                {"thought": "Two kilograms cost 4.20.", "action": "answer", "arguments": "4.20"},
            ]
        )  # fmt: skip


def _passages(step: dict[str, str]) -> list[Passage]:
    found = []
    if "thought" in step:
        found.append(Passage("Thought", step["thought"]))
    if "action" in step:
        found.append(Passage("Action", step["action"], "plain"))
    if "arguments" in step:
        found.append(Passage("Arguments", step["arguments"], "code", "json"))
    if "observation" in step:
        found.append(Passage("Observation", step["observation"], "plain"))
    return found


def _body(step: dict[str, str]) -> str:
    return "\n".join(f"{p.label}: {p.text}" for p in _passages(step))


def _step(raw: Any, place: int) -> dict[str, Any]:
    where = f"step {place}"
    raw = record(raw, where, "thought, action, arguments or observation")
    found = {n: text(first(raw, *names), f"{where}, {n}") for n, names in NAMES.items()}
    found["arguments"] = whole_json(first(raw, "arguments", "args"), f"{where}, arguments")
    order = ("thought", "action", "arguments", "observation")
    kept = without_empty({n: found[n] if found[n].strip() else "" for n in order})
    if not kept:
        raise Invalid(where, "expected a thought, an action, arguments or an observation")
    return {"key": key(first(raw, "key", "id") or place, f"{where}, key")} | kept
