"""What a kind may draw with: a handful of blocks, with more than one face.

The Streamlit face lives in `pages/widgets/ui.py`, a recorder gives the blocks as JSON, and tests
use a fake. A kind calls these methods and nothing else, so it works on every face.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from core.answers import steps
from core.showing import RecordedShowing, Showing

CHOICES = ("choose", "toggle")
Tool = Literal["box", "correction", "hierarchy", "match", "ranking", "span"]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: the JSON `value` it stands for, the words on it, and a longer hint.

    `group` names the heading under which it stands, where options are grouped.
    """

    value: Any
    label: str
    hint: str = ""
    group: str = ""


class Ui(Showing, Protocol):
    """The blocks. Text given to any of them is untrusted: a face shows it inert.

    Those of `core.showing` show material. The asking blocks return the person's present answer, or
    None while there is none.
    """

    def choose(
        self, *, name: str, title: str, options: Sequence[Option], value: Any = None,
        help: str = "", required: bool = True, scale: bool = False, low: str = "", high: str = "",
        part: bool = False, fixed: bool = False,
    ) -> Any:  # fmt: skip
        """One of the options; `scale` lays them out as a scale from `low` to `high`.

        `fixed` options have an order of their own and are never shuffled. With `part` it belongs
        to a larger question, and its title is set like text.
        """

    def write(
        self, *, name: str, title: str, value: str | None = None, help: str = "",
        required: bool = True, placeholder: str = "", longest: int | None = None,
    ) -> str | None:  # fmt: skip
        """A text of the person's own."""

    # Blocks of questions that have several parts, or a number for an answer.

    def heading(
        self, *, title: str, help: str = "", required: bool = True, part: bool = False
    ) -> None:
        """The title of a question, or with `part` of a part of it, whose blocks follow."""

    def toggle(
        self, *, name: str, title: str, options: Sequence[Option],
        value: Sequence[Any] | None = None, help: str = "", required: bool = True, none: str = "",
        part: bool = False, fixed: bool = False,
    ) -> list[Any] | None:  # fmt: skip
        """Any of the options; `none` is the label of a choice that stands for an empty list.

        `fixed` is as in `choose`.
        """

    def number(
        self, *, name: str, title: str, value: float | None = None, low: float | None = None,
        high: float | None = None, step: float | None = None, whole: bool = False, unit: str = "",
        slider: bool = False, ends: tuple[str, str] = ("", ""), help: str = "",
        required: bool = True, part: bool = False,
    ) -> float | None:  # fmt: skip
        """A number; a `slider` runs from `low` to `high` and is unset until it is moved."""

    def note(self, text: str) -> None:
        """A word on how far an answer has come."""

    def word(self, text: str, **facts: Any) -> str:
        """A text of the desk's own, in the person's language.

        `text` is English, with its facts in braces; words of the study are never given to it.
        """

    def tool(
        self, tool: Tool, *, name: str, title: str, value: Any = None, help: str = "",
        required: bool = True, facts: Mapping[str, Any],
    ) -> Any:  # fmt: skip
        """An answer made with a tool: an order, spans, boxes, pairs, a hierarchy, fields.

        The value is the question's own; `facts` are the settings of that tool, as JSON.
        """

    def changes(self, old: str, new: str) -> None:
        """What was taken out of a text and what was put in, word by word."""


class Reordered:
    """Another face with the options of choices in an order drawn by `seed` and question name.

    All parts of a question have the same order. Scales, fixed options, and those that name one of
    the outputs `fixed`, stay where they are; options under a heading stay together.
    """

    def __init__(self, face: Any, seed: int, fixed: Sequence[str] = ()) -> None:
        self._face, self._seed, self._fixed = face, seed, frozenset(fixed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._face, name)

    def choose(
        self, *, name: str, options: Sequence[Option], scale: bool = False, fixed: bool = False,
        **facts: Any,
    ) -> Any:  # fmt: skip
        """One of the options, in the order drawn."""
        if not scale and not fixed:
            free = [o for o in options if not self._named(o)]
            self._draw(name).shuffle(free)
            options = [o if self._named(o) else free.pop(0) for o in options]
        return self._face.choose(name=name, options=options, scale=scale, fixed=fixed, **facts)

    def toggle(
        self, *, name: str, options: Sequence[Option], fixed: bool = False, **facts: Any
    ) -> Any:  # fmt: skip
        """Any of the options: headings in an order drawn, and the options under each."""
        if not fixed:
            draw = self._draw(name)
            groups = list(dict.fromkeys(option.group for option in options))
            draw.shuffle(groups)
            found = {group: [o for o in options if o.group == group] for group in groups}
            for under in found.values():
                draw.shuffle(under)
            options = [option for under in found.values() for option in under]
        return self._face.toggle(name=name, options=options, fixed=fixed, **facts)

    def _draw(self, name: str) -> random.Random:
        return random.Random(f"{self._seed}/{steps(name)[0]}")  # noqa: S311

    def _named(self, option: Option) -> bool:
        value = option.value
        return isinstance(value, dict) and value.get("winner") in self._fixed


def option_order(question: Any, unit: Any, seed: int | None) -> list[str]:
    """The order in which a question's options were displayed; [] unless it was drawn.

    Each is `name=label`, or for any of several `name=value`.
    """
    if seed is None:
        return []
    recorder = Recorder()
    question.ask(Reordered(recorder, seed, unit.shown), unit, None)
    return [
        f"{block['name']}={option['value' if block['block'] == 'toggle' else 'label']}"
        for block in recorder.blocks
        if block["block"] in CHOICES and not block.get("scale") and not block.get("fixed")
        for option in block["options"]
    ]


class Recorder(RecordedShowing):
    """The face that only writes down: `blocks` is a list of JSON objects, one per block drawn.

    Asking blocks return the `value` they were given. `said` turns the desk's own texts into those
    of another language; without it they are English.
    """

    def __init__(self, said: Callable[..., str] = str.format) -> None:
        super().__init__()
        self._said = said

    def word(self, text: str, **facts: Any) -> str:
        return self._said(text, **facts)

    def choose(self, *, value: Any = None, options: Sequence[Option], **facts: Any) -> Any:
        self._note("choose", value=value, options=[asdict(o) for o in options], **facts)
        return value

    def write(self, *, value: str | None = None, **facts: Any) -> str | None:
        self._note("write", value=value, **facts)
        return value

    def heading(self, **facts: Any) -> None:
        self._note("heading", **facts)

    def toggle(
        self, *, value: Sequence[Any] | None = None, options: Sequence[Option], **facts: Any
    ) -> list[Any] | None:
        self._note("toggle", value=value, options=[asdict(o) for o in options], **facts)
        return None if value is None else list(value)

    def number(self, *, value: float | None = None, **facts: Any) -> float | None:
        self._note("number", value=value, **facts)
        return value

    def tool(self, tool: Tool, *, value: Any = None, **facts: Any) -> Any:
        self._note("tool", tool=tool, value=value, **facts)
        return value

    def changes(self, old: str, new: str) -> None:
        self._note("changes", old=old, new=new)

    def note(self, text: str) -> None:
        self._note("note", text=text)
