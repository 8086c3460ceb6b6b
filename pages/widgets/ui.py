"""The Streamlit face of `core.ui.Ui`."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core import turns
from core.ui import Option
from core.units import Invalid, Unit
from pages.widgets.components.tools import Tray, draw
from pages.widgets.inert import inert
from pages.widgets.texts import Words
from pages.widgets.ui_parts import Parts
from pages.widgets.ui_showing import Material, output_name, role_of, slug
from pages.widgets.words import plain

Answer = Callable[[str, Any], None]
Facts = dict[str, Any]
Writer = Callable[[str, str | None, Facts], str | None]
LONG = 4_000


class StreamlitUi(Material, Parts):
    """Draws blocks with native widgets.

    `scope` makes widget keys belong to one assignment, so that a late press can never land on
    another. `room` may stand in for it in the keys of buttons: the server remembers every key for
    as long as the session lasts, so a desk gives its buttons a few keys in turn.

    Each choice is a row of buttons; the digits 1 to 9 (and 0) press those of the `active` question
    while `keys` are on. `on_answer(name, value)` hears every answer; the name of a part of a
    question is a path, and a value may be a function from what stands there to what shall.
    `writer(name, value, facts)` draws text areas in place of Streamlit's own.
    `words` are those of the person's language; the `tray` knows what tools have sent.
    """

    def __init__(
        self, scope: str, *, active: str = "", keys: bool = True, on_answer: Answer | None = None,
        room: str = "", writer: Writer | None = None, words: Words | None = None,
        tray: Tray | None = None,
    ) -> None:  # fmt: skip
        self.scope = scope
        self.room = room or scope
        self.active = active
        self.keys = keys
        self.on_answer = on_answer or _ignore
        self.writer = writer
        self.tray = tray or Tray()
        self.words = words or Words("en")
        self.word = self.words.told
        Material.__init__(self)

    def choose(
        self, *, name: str, title: str, options: Sequence[Option], value: Any = None,
        help: str = "", required: bool = True, scale: bool = False, low: str = "", high: str = "",
        part: bool = False, fixed: bool = False,
    ) -> Any:  # fmt: skip
        with self.row(name):
            self.heading(title=title, help=help, required=required, part=part)
            with st.container(horizontal=True, gap="xsmall", key=f"choices-{self.scope}-{name}"):
                for place, option in enumerate(options):
                    chosen = option.value == value
                    self.press(name, place, option, chosen, option.value, hint=not scale)
            words = [f"{o.label} {o.hint}" for o in options if o.hint] if scale else []
            if words:
                st.caption(plain(" · ".join(words)))
        return value

    def tool(
        self, tool: str, *, name: str, title: str, value: Any = None, help: str = "",
        required: bool = True, facts: Mapping[str, Any],
    ) -> Any:  # fmt: skip
        asked = {"title": title, "help": help, "required": required, **facts}
        key = f"{self.scope}-{name}"
        heard = partial(self.on_answer, name)
        return draw(tool, key, asked, value, self.words, heard, self.tray)

    def write(
        self, *, name: str, title: str, value: str | None = None, help: str = "",
        required: bool = True, placeholder: str = "", longest: int | None = None,
    ) -> str | None:  # fmt: skip
        if self.writer is not None:
            facts = {"title": title, "help": help, "required": required,
                     "placeholder": placeholder, "longest": longest}  # fmt: skip
            return self.writer(name, value, facts)
        key = f"{self.scope}-{name}"
        st.session_state.setdefault(key, value or "")
        label = title if required else f"{title} {self.words('optional')}"
        text = st.text_area(
            plain(label), key=key, help=inert(help) or None, placeholder=placeholder or None,
            max_chars=longest, height=76, on_change=self._written, args=(name, key),
        )  # fmt: skip
        return text or None

    def _written(self, name: str, key: str) -> None:
        self.on_answer(name, st.session_state.get(key) or None)


def show_material(ui: StreamlitUi, unit: Unit, *, letters: bool = True) -> None:
    """Draw what a unit is about: its fields, what its outputs hang on, then these in equal cards.

    Long material that is not a comparison stands beside its questions, and scrolls by itself.
    """
    size = "long-" if is_long(unit) else "many-" if len(unit.outputs) > 1 else ""
    with st.container(key=f"material-{size}{ui.scope}"):
        for name, content in unit.fields.items():
            with st.container(key=f"field-{ui.scope}-{slug(name)}", border=True):
                ui.label(name.replace("_", " ").capitalize())
                content.show(ui)
        for place, output in enumerate(unit.context):
            with st.container(key=f"context-{ui.scope}-{place}", border=True):
                ui.label(ui.word("{what}, for context", what=role_of(output.role, ui.words)))
                output.content.show(ui)
        if unit.outputs:
            _responses(ui, unit, letters)


def _responses(ui: StreamlitUi, unit: Unit, letters: bool) -> None:
    with st.container(key=f"responses-{ui.scope}", horizontal=True):
        for output in unit.outputs:
            with st.container(key=f"card-{ui.scope}-{unit.letter(output.key)}", border=True):
                named = output_name if letters else lambda _unit, o, words: role_of(o.role, words)
                ui.label(named(unit, output, ui.words))
                output.content.show(ui)


def is_long(unit: Unit) -> bool:
    """Whether a unit holds more than a page of text, and no responses to compare."""
    if len(unit.outputs) > 1:
        return False
    material = [*unit.fields.values(), *(output.content for output in unit.outputs)]
    return sum(len(content.text()) for content in material) > LONG


def ask(
    ui: StreamlitUi, unit: Unit, draft: Mapping[str, Any], given: Mapping[str, Any] | None = None,
    *, fixed: bool = False,
) -> None:  # fmt: skip
    """Ask the questions of a unit that are open, in the study's order.

    Answers that are settled, because a later turn has opened or all are `fixed`, are shown as they
    are; `given` are the answers in the log. A question that this unit can't be asked says why.
    """
    asked, known = unit.questions, given or {}
    for question in asked:
        if question.name in known and (fixed or turns.settled(question, asked, known)):
            words = ui.words.of(question.describe(known[question.name], unit))
            st.caption(f"**{plain(question.title)}** {plain(words)}")
    with st.container(key=f"questions-{ui.scope}"):
        left = turns.open_questions(asked, known) if given is not None else asked
        for question in () if fixed else left:
            with st.container(key=f"question-{ui.scope}-{question.name}"):
                try:
                    question.ask(ui, unit, draft.get(question.name))
                except Invalid as error:
                    why = plain(ui.words.of(error))
                    st.warning(ui.words("not_asked", title=plain(question.title), why=why))


def _ignore(_name: str, _value: Any) -> None:
    """An answer that nobody hears: a preview."""
