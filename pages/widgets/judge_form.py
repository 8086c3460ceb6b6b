"""The form of a new judge: where the model is, what it is told, how it is asked."""

from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.protocol import explain
from core.services.studies import Study
from core.workers.judge import Judge
from pages.widgets.words import plain

MODES = {"pointwise": "One response at a time", "pairwise": "Two against each other, both orders",
         "listwise": "All of a unit at once, both orders"}  # fmt: skip
SCORING = {"direct": "Ask which is better", "combined": "A score of each, in one reply",
           "independent": "A score of each, apart"}  # fmt: skip
EXPECTED = {"": "None", "logprob": "From token probabilities", "samples": "Mean of the samples"}


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
        more = _more(study) | _ways(study, mode)
    if not (name.strip() and url.strip() and model.strip()):
        st.caption("Name, base URL and model are needed; then the exact prompt appears below.")
        return None
    places = {"name": name, "base_url": url, "model": model, "key": key}
    return _made(
        {**{place: given.strip() for place, given in places.items()}, "mode": mode,
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
        st.session_state.setdefault("judge-heat", 0.0)
        heat = one.number_input(
            "Temperature", 0.0, 2.0, None, 0.1, key="judge-heat", placeholder="none",
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


def _ways(study: Study, mode: str) -> dict[str, Any]:
    """Further ways of judging; each makes another rater."""
    with st.expander("Ways of judging", key="judge-ways"):
        one, two, three = st.columns(3)
        found: dict[str, Any] = {
            "samples": one.number_input("Samples", 1, 100, 1, key="judge-samples",
                                        help="Ask so often; set a temperature above 0."),
            "aggregate": two.selectbox("Samples are put together by", ["majority", "mean",
                                       "median"], key="judge-aggregate"),
            "expectation": three.selectbox(
                "Expected score", list(EXPECTED), key="judge-expected", format_func=EXPECTED.get,
                help="Kept beside the answer. Where an endpoint gives no token probabilities, the "
                "unit is passed by.",
            ),
        }  # fmt: skip
        if mode == "pairwise":
            found["scoring"] = one.selectbox(
                "Pairs", list(SCORING), key="judge-scoring", format_func=SCORING.get
            )
            if found["scoring"] != "direct":
                found["points"] = two.selectbox("Scores from 1 to", [5, 10, 100], 1,
                                                key="judge-points")  # fmt: skip
        found["anchor"] = three.selectbox(
            "Yardstick", ["", *_references(study)], key="judge-anchor",
            format_func=lambda f: f or "none",
            help="A field with work whose quality is settled.",
        )  # fmt: skip
        if found["anchor"]:
            found["anchor_score"] = three.number_input("It is worth", value=8.0, key="judge-worth")
        found["self_reference"] = st.checkbox(
            "Let the judge answer the request itself first", key="judge-self"
        )
        found["confidence"] = st.checkbox("Ask how sure it is", key="judge-sure")
    return found


def _made(options: dict[str, Any]) -> Judge | None:
    try:
        return Judge(**options)
    except ValidationError as error:
        st.error(f"The judge is not complete yet. {plain(explain(error))}")
        return None
