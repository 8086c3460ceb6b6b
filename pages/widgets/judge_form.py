"""The form of a new judge: where the model is, what it is told, how it is asked."""

from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.protocol import explain
from core.services.studies import Study
from core.workers.judge import Judge
from pages.widgets.words import plain

MODES = {"pointwise": "One response at a time", "pairwise": "Two against each other, both orders"}


def new_judge(study: Study) -> Judge | None:
    """The judge that the form describes, once it is complete; None before."""
    pairs = any(q.about == "pair" for q in study.protocol.questions)
    with st.container(key="judge-form"):
        left, right = st.columns(2)
        with left:
            name = st.text_input("Name of the judge", key="judge-name", placeholder="my judge")
            url = st.text_input(
                "Base URL", key="judge-url", placeholder="http://127.0.0.1:8000/v1",
                help="Any endpoint that speaks the OpenAI chat format; it often ends in /v1.",
            )  # fmt: skip
            model = st.text_input("Model", key="judge-model", placeholder="name-of-the-model")
        with right:
            key = st.text_input(
                "Name of the key", key="judge-key", placeholder="OPENAI_API_KEY",
                help="The NAME of an environment variable, or of an entry in "
                ".streamlit/secrets.toml. The key itself is never entered here, and never stored. "
                "Leave it empty for a server that wants none.",
            )  # fmt: skip
            mode = st.selectbox(
                "How it judges", list(MODES), index=int(pairs), key="judge-mode",
                format_func=lambda m: MODES[m],
            )  # fmt: skip
            reference = st.selectbox(
                "Trusted reference", ["", *_references(study)], key="judge-reference",
                format_func=lambda f: f or "none",
                help="The field whose content the judge may take as correct.",
            )  # fmt: skip
        more = _more(study)
    if not (name and url and model):
        st.caption("Name, base URL and model are needed; then the exact prompt appears below.")
        return None
    return _made(
        {"name": name, "base_url": url, "model": model, "key": key, "mode": mode,
         "reference": reference, **more}
    )  # fmt: skip


def _references(study: Study) -> list[str]:
    return list(dict.fromkeys([*study.protocol.fields, "reference"]))


def _more(study: Study) -> dict[str, Any]:
    with st.expander("More settings", key="judge-more"):
        guidelines = st.text_area(
            "Guidelines for the judge", value=study.protocol.guidelines, key="judge-guidelines",
            height=140, help="Sent with every unit; part of what makes this judge this judge.",
        )  # fmt: skip
        one, two, three, four = st.columns(4)
        heat = one.number_input(
            "Temperature", 0.0, 2.0, 0.0, 0.1, key="judge-heat",
            help="Empty it for models that take none.",
        )  # fmt: skip
        room = two.number_input(
            "Most tokens", 1, 200_000, None, key="judge-room", placeholder="no limit"
        )
        prices = {"min_value": 0.0, "value": None, "format": "%.3f", "placeholder": "unknown"}
        price = three.number_input("Price of 1M prompt tokens", key="judge-in", **prices)
        other = four.number_input("Price of 1M reply tokens", key="judge-out", **prices)
    return {
        "guidelines": guidelines, "temperature": heat, "max_tokens": room, "prompt_price": price,
        "completion_price": other,
    }  # fmt: skip


def _made(options: dict[str, Any]) -> Judge | None:
    try:
        return Judge(**options)
    except ValidationError as error:
        st.error(f"The judge is not complete yet. {plain(explain(error))}")
        return None
