"""Blocks that show material: the part of `core.ui.Ui` that contents draw with.

Structured blocks take plain JSON, so that every face (native widgets, a browser part, the recorder)
reads the same thing. All text in them is untrusted.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: the tool's name, its arguments as they were written, and the call's own id."""

    name: str
    arguments: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A named piece of a step, and how it is set: as prose, exactly as it is, or as code."""

    label: str
    text: str
    form: Literal["prose", "plain", "code"] = "prose"
    language: str = ""


class Showing(Protocol):
    """The showing blocks."""

    def prose(self, text: str) -> None:
        """Text with markdown marks; no HTML, no remote images, no links that run."""

    def plain(self, text: str) -> None:
        """Text exactly as it is."""

    def turn(self, role: str, text: str, *, name: str = "", calls: Sequence[Call] = ()) -> None:
        """One turn of a conversation: who speaks, what is said, which tools are called."""

    def code(self, text: str, *, language: str = "", title: str = "") -> None:
        """Code with line numbers, coloured where the language is known."""

    def diff(self, hunks: Records, *, view: str = "unified") -> None:
        """Changes: hunks of `{key, title, lines: [{mark, old, new, text, spans}]}`.

        `mark` is "+", "-" or " "; `old` and `new` are line numbers or None; `spans` are the
        [start, end] in `text` that changed within the line. `view` is unified or split.
        """

    def picture(self, url: str, *, alt: str = "", width: int = 0, height: int = 0) -> None:
        """A picture from a data URL, never from a remote address; width and height in pixels."""

    def step(self, key: str, title: str, passages: Sequence[Passage]) -> None:
        """One step of a chain: its number or name, a title, and its pieces in order."""

    def table(self, columns: Records, rows: Records, *, title: str = "") -> None:
        """A table: columns of `{key, title}`, rows of `{key, cells: [...]}`."""

    def canvas(self, entities: Records, relations: Records, problems: Sequence[str]) -> None:
        """Boxes on a canvas of 100 by 100: `{id, label, box: [x, y, width, height]}`.

        Relations are `{from, to, label}`; `problems` says in words what is wrong with the layout.
        """

    def heat(
        self, tokens: Sequence[Sequence[Any]], *, low: float, high: float, measure: str = ""
    ) -> None:
        """A text as `[token, value or None]` pairs, each value legible under its token."""

    def tree(self, nodes: Records, links: Records) -> None:
        """A hierarchy: nodes of `{id, label, parent, text}` in order, parents first.

        `links` are further edges of `{from, to, label}`.
        """

    def results(self, tests: Records) -> None:
        """Test results: `{name, outcome, message, trace, seconds}`."""

    def part(self, key: str, title: str) -> AbstractContextManager[None]:
        """A named frame around the blocks that are drawn inside it."""


class RecordedShowing:
    """The recorder's showing blocks: each becomes a JSON object in `blocks`."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []

    def _note(self, block: str, **facts: Any) -> None:
        self.blocks.append({"block": block, **facts})

    def prose(self, text: str) -> None:
        self._note("prose", text=text)

    def plain(self, text: str) -> None:
        self._note("plain", text=text)

    def turn(self, role: str, text: str, *, name: str = "", calls: Sequence[Call] = ()) -> None:
        more: dict[str, Any] = {"name": name} if name else {}
        if calls:
            more["calls"] = [asdict(call) for call in calls]
        self._note("turn", role=role, text=text, **more)

    def code(self, text: str, *, language: str = "", title: str = "") -> None:
        self._note("code", text=text, language=language, title=title)

    def diff(self, hunks: Records, *, view: str = "unified") -> None:
        self._note("diff", hunks=list(hunks), view=view)

    def picture(self, url: str, *, alt: str = "", width: int = 0, height: int = 0) -> None:
        self._note("picture", url=url, alt=alt, width=width, height=height)

    def step(self, key: str, title: str, passages: Sequence[Passage]) -> None:
        self._note("step", key=key, title=title, passages=[asdict(p) for p in passages])

    def table(self, columns: Records, rows: Records, *, title: str = "") -> None:
        self._note("table", columns=list(columns), rows=list(rows), title=title)

    def canvas(self, entities: Records, relations: Records, problems: Sequence[str]) -> None:
        self._note(
            "canvas", entities=list(entities), relations=list(relations), problems=list(problems)
        )

    def heat(
        self, tokens: Sequence[Sequence[Any]], *, low: float, high: float, measure: str = ""
    ) -> None:
        self._note(
            "heat", tokens=[list(t) for t in tokens], low=low, high=high, measure=measure
        )  # fmt: skip

    def tree(self, nodes: Records, links: Records) -> None:
        self._note("tree", nodes=list(nodes), links=list(links))

    def results(self, tests: Records) -> None:
        self._note("results", tests=list(tests))

    @contextmanager
    def part(self, key: str, title: str) -> Iterator[None]:
        around, self.blocks = self.blocks, []
        try:
            yield
        finally:
            around.append({"block": "part", "key": key, "title": title, "blocks": self.blocks})
            self.blocks = around
