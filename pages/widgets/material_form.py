"""The form of a study's material: fields, responses, what one screen shows, which pairs."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import typed
from core.content.base import contents
from core.fields import Setting, settings_of
from core.policies import Pairs
from pages.widgets.form import Form
from pages.widgets.form_rows import settings_form, unused
from pages.widgets.words import plain

DESIGNS = ("together", "each", "pairs")
DESIGN_WORDS = {
    "together": "all responses of an item together",
    "each": "each response by itself",
    "pairs": "every pair of responses",
}
RULE_WORDS = {
    "all": "every two responses of an item",
    "round_robin": "each with each of another source, in rounds where every source meets one other",
    "against": "one side with the other, such as teacher with student",
    "margin": "two whose scores differ by at least so much, at most so much, or both",
    "bonus": "the best few pairs of each item, by score and by how new their texts are",
}
RULES: Mapping[str, Setting] = {setting.name: setting for setting in settings_of(Pairs)}
RESPONSE = Setting("responses", "choice", "text", False, "Kind of each response", tuple(contents))
DESIGN = Setting("units", "choice", "together", False, "What one screen holds", DESIGNS)
BY = Setting("by", "line", "", True, "The fact of the items that decides")
VALUES = Setting("values", "pairs", {}, False)


def material(form: Form, data: Mapping[str, Any], known: Mapping[str, Setting]) -> None:
    """The fields of an item, the kind of its responses, and what one screen shows."""
    found = data.get("fields")
    fields = {str(n): str(k) for n, k in found.items()} if isinstance(found, Mapping) else {}
    fields = fields or {"prompt": "text"}
    st.caption("The fields of an item, and what kind of content each holds.")
    form.say(("fields",))
    for place, (name, kind) in enumerate(fields.items()):
        _field(form, fields, place, name, kind)
    st.button(
        "Add a field", key=form.slot(["field-add"]), icon=":material/add:",
        on_click=form.draft.reshape,
        args=(("fields",), {**fields, unused("field", fields): "text"}),
    )  # fmt: skip
    settings_form(form, (), [RESPONSE], data)
    _units(form, data)
    units = data.get("units")
    designs = list(units.values()) if isinstance(units, Mapping) else [units]
    if "pairs" in designs or "pairs" in data:
        st.markdown("**Which pairs**", anchors=False)
        _pairs(form, data.get("pairs"))
    settings_form(form, (), [known["judged"], known["context"]], data)


def _units(form: Form, data: Mapping[str, Any]) -> None:
    """What one screen holds: the same for all items, or by a fact of theirs."""
    units, key = data.get("units"), form.slot(["units", "differ"])
    differs = isinstance(units, Mapping)
    other = None if differs else {"by": "task", "compare": "pairs", "rate": "each"}
    st.checkbox(
        "What one screen shows differs by item", differs, key=key, on_change=form.draft.reshape,
        args=(("units",), other),
    )  # fmt: skip
    if not isinstance(units, Mapping):
        settings_form(form, (), [DESIGN], data)
    else:
        settings_form(form, ("units",), [BY], units)
        rest = {name: design for name, design in units.items() if name != "by"}
        held = form.slot(["units", "values"])
        st.text_area(
            "Each value of that fact, and what is shown", typed.shown(VALUES, rest), key=held,
            height=110, on_change=_designed, args=(form, units.get("by"), held),
            help="One per line, as value: design. Items with another value are shown together.",
        )  # fmt: skip
        form.say(("units",))
    st.caption(" · ".join(f"{name}: {meaning}" for name, meaning in DESIGN_WORDS.items()))


def _pairs(form: Form, value: Any) -> None:
    """The rule that takes pairs, what each of them does, and the settings of the chosen one."""
    form.say(("pairs",))
    given = value if isinstance(value, Mapping) else {}
    rule, key = given.get("rule", "all"), form.slot(["pairs", "rule"])
    choices = list(RULES["rule"].choices)
    st.selectbox(
        "Rule", choices, choices.index(rule) if rule in choices else None, key=key,
        on_change=_ruled, args=(form, key), help="Which pairs are taken.",
    )  # fmt: skip
    form.say(("pairs", "rule"))
    told = [f"- **{name}**: {words}" if name == rule else f"- {name}: {words}"
            for name, words in RULE_WORDS.items()]  # fmt: skip
    st.caption("\n".join(told).replace("_", "\\_"))
    own = Pairs.reads.get(rule, tuple(n for n in RULES if n != "rule"))
    settings_form(form, ("pairs",), [RULES[name] for name in own], given)
    idle = [name for name in given if name in RULES and name not in ("rule", *own)]
    if idle:
        st.caption(plain(f"In the file too, but not read by this rule: {', '.join(idle)}."))


def _ruled(form: Form, key: str) -> None:
    """Take another rule. What only the former one reads leaves the file, and is kept beside it."""
    rule = st.session_state[key]
    present = form.draft.at(("pairs",))
    given = dict(present) if isinstance(present, Mapping) else {}
    kept = (form.draft.now() or {}).setdefault("kept", {})
    for name in Pairs.reads.get(given.get("rule", "all"), ()):
        kept.pop(name, None)  # what was taken out by hand stays out
    kept |= {name: one for name, one in given.items() if name in RULES and name != "rule"}
    own = {name: kept[name] for name in Pairs.reads[rule] if name in kept}
    form.draft.reshape(("pairs",), None if rule == "all" else {"rule": rule, **own})


def _designed(form: Form, by: Any, key: str) -> None:
    form.draft.put(("units",), {"by": by, **typed.read(VALUES, st.session_state[key])}, {})


def _field(form: Form, fields: Mapping[str, str], place: int, name: str, kind: str) -> None:
    kinds = list(contents)
    rename, retype = form.slot(["field", place, "name"]), form.slot(["field", place, "kind"])
    args = (form, fields, place, rename, retype)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"material-{place}"):
        st.text_input("Field", name, key=rename, on_change=_refield, args=args)
        st.selectbox(
            "Kind", kinds, kinds.index(kind) if kind in kinds else None, key=retype,
            on_change=_refield, args=args,
        )  # fmt: skip
        st.button(
            "Remove", key=form.slot(["field", place, "remove"]), on_click=form.draft.reshape,
            args=(("fields",), {n: k for n, k in fields.items() if n != name}),
            disabled=len(fields) == 1,
        )  # fmt: skip
    form.say(("fields", name))


def _refield(form: Form, fields: Mapping[str, str], place: int, rename: str, retype: str) -> None:
    rows = list(fields.items())
    name = st.session_state[rename].strip() or rows[place][0]
    rows[place] = (name, st.session_state[retype] or rows[place][1])
    form.draft.reshape(("fields",), dict(rows))
