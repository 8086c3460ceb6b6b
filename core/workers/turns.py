"""The turns of an actor: what it thought and did, what it saw, what it was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core.content.base import Content
from core.content.text import TextContent

Ended = Literal["solved", "max_turns", "max_proposals"]
STAGE = """
import contextlib, io, runpy, sys
sys.path.insert(0, "/code")
sys.dont_write_bytecode = True
names = {}
for number in range(%d):
    quiet = contextlib.redirect_stdout(io.StringIO()) if number < %d else contextlib.nullcontext()
    with quiet:
        names = runpy.run_path(f"/code/block_{number}.py", init_globals=names)
    names = {n: v for n, v in names.items() if not n.startswith("__")}
"""


@dataclass(slots=True)
class Turn:
    """One turn of the actor."""

    thought: str
    act: str
    content: str
    call: int | None = None
    observation: str = ""
    feedback: str = ""

    def heard(self) -> str:
        """What was seen after the turn, and the feedback on it."""
        return self.observation + (f"\n\nFeedback: {self.feedback}" if self.feedback else "")


@dataclass(slots=True)
class Turns:
    """The turns so far, and how they ended once they have."""

    turns: list[Turn] = field(default_factory=list)
    ended: Ended | None = None
    blocks_failed: set[int] = field(default_factory=set)

    @property
    def proposals(self) -> int:
        """How many solutions were proposed."""
        return sum(turn.act == "solution" for turn in self.turns)

    def begin(self, thought: str, act: str, content: str, call: int | None) -> Turn:
        """The next turn."""
        self.turns.append(Turn(thought, act, content, call))
        return self.turns[-1]

    def blocks(self) -> list[str]:
        """The code that was run without an error, and the code of this turn."""
        last = len(self.turns) - 1
        return [
            turn.content for place, turn in enumerate(self.turns)
            if turn.act == "execute" and (place == last or place not in self.blocks_failed)
        ]  # fmt: skip

    def material(self) -> list[tuple[str, Content]]:
        """The turns as material for the next prompt."""
        found: list[tuple[str, Content]] = []
        for number, turn in enumerate(self.turns, 1):
            parts = {
                "thought": turn.thought, turn.act: turn.content,
                "observation": turn.observation, "feedback": turn.feedback,
            }  # fmt: skip
            found += [(f"turn {number}, {n}", TextContent(t)) for n, t in parts.items() if t]
        return found

    def steps(self) -> list[Mapping[str, str]]:
        """The turns as steps: thought, act, what was run or proposed, what came of it."""
        return [
            {"thought": turn.thought, "action": turn.act, "arguments": turn.content,
             "observation": turn.heard()}
            for turn in self.turns
        ]  # fmt: skip

    def data(self) -> dict[str, Any]:
        """What came of it: success, the turn that solved it, turns and proposals used."""
        solved = self.ended == "solved"
        return {
            "success": solved, "solved_at": len(self.turns) if solved else None,
            "turns": len(self.turns), "proposals": self.proposals, "ended": self.ended,
        }  # fmt: skip


def program(blocks: Sequence[str], tools: str) -> tuple[str, dict[str, str]]:
    """A program, with its files, that runs blocks one after another, each with the names so far.

    What earlier blocks print is left out, so that only the last one is heard. `tools` is code that
    comes before all of them.
    """
    every = [tools, *blocks] if tools else list(blocks)
    files = {f"block_{number}.py": f"{block}\n" for number, block in enumerate(every)}
    return STAGE % (len(every), len(every) - 1), files
