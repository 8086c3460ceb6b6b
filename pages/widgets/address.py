"""Filters kept in the page's address, so that a link shows the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st


def select(
    label: str, name: str, options: Mapping[str, str], scope: str, *, first: int = 0, **looks: Any
) -> str | None:
    """One of the options (value -> what is shown); None when there is none.

    The address holds the value under `name` unless it is the default, the option at `first`.
    `scope` tells the widgets of different studies apart.
    """
    values = list(options)
    wanted = st.query_params.get(name)
    found: str | None = st.selectbox(
        label, values, index=values.index(wanted) if wanted in values else first,
        key=f"{name}-{scope}", format_func=lambda value: options.get(value, value), **looks,
    )  # fmt: skip
    default = values[first : first + 1] if first >= 0 else values[first:]
    keep(name, [found] if found is not None else [], default)
    return found


def several(
    widget: Any, label: str, name: str, options: Mapping[str, str], scope: str, **looks: Any
) -> list[str]:
    """Any of the options, by `st.multiselect` or `st.pills`; none means no choice was made."""
    values = list(options)
    found = widget(
        label, values, default=[v for v in st.query_params.get_all(name) if v in values],
        key=f"{name}-{scope}", format_func=lambda value: options.get(value, value), **looks,
    )  # fmt: skip
    keep(name, found)
    return list(found)


def keep(name: str, values: Sequence[str], default: Sequence[str] = ()) -> None:
    """Write the values into the address; the default leaves it out."""
    wanted = [] if list(values) == list(default) else list(values)
    if wanted == st.query_params.get_all(name):
        return
    if wanted:
        st.query_params[name] = wanted
    else:
        st.query_params.pop(name, None)
