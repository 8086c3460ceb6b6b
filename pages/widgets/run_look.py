"""Before a run: what it will take, the exact prompts, and the table of prices."""

from typing import Any

import pandas as pd
import streamlit as st

from core.calls import CallFailed
from core.capabilities import NAMES
from core.services import capabilities, dry_run, forecast, prices
from core.services.access import Identity
from core.services.forecast import Forecast
from core.services.studies import Refused, Study
from core.workers.base import Worker
from pages.widgets import look
from pages.widgets.database import db
from pages.widgets.words import plain, span

COLUMNS = {
    "base_url": "Base URL", "model": "Model", "prompt": "1M prompt tokens",
    "completion": "1M reply tokens", "batch": "Batch share", "parameters": "Parameters (billions)",
    "bytes_per_parameter": "Bytes each", "bandwidth": "GB/s", "tflops": "TFLOPS",
}  # fmt: skip
TEXTS = {"base_url", "model"}


def expected(who: Identity, study: Study, worker: Worker, **options: Any) -> None:
    """What the run will take, as tiles with how each was found."""
    try:
        found: Forecast = forecast.forecast(db(), who, study.key, worker, **options)
    except Refused as reason:
        st.warning(plain(str(reason)))
        return
    tokens = found.prompt_tokens + found.completion_tokens
    free = f"{found.free:,} more are in the ledger and free" if found.free else "none before"
    look.stats(
        [
            {"label": "Calls", "value": f"{found.calls:,}", "note": free},
            {"label": "Tokens", "value": f"{tokens:,}",
             "note": f"{found.prompt_tokens:,} prompt, {found.completion_tokens:,} reply"},
            {"label": "Cost", "value": "unknown" if found.cost is None else f"{found.cost:,.4f}",
             "note": "give prices above" if found.cost is None else "by the prices below"},
            {"label": "Time", "value": "unknown" if found.seconds is None else span(found.seconds),
             "note": "see the notes"},
        ],
        key="run-expected",
    )  # fmt: skip
    look.caption(plain("Estimated: " + "; ".join(found.notes) + "."))


def prompts(who: Identity, study: Study, worker: Worker, **options: Any) -> None:
    """The exact requests of three units, as they would be sent; nothing is sent."""
    with st.expander("The exact prompts for three units", key="run-look"):
        first = st.number_input("From unit", 1, None, 1, key="run-look-place", width=120) - 1
        try:
            found = dry_run.dry_run(db(), who, study.key, worker, skip=first, **options)
        except Refused as reason:
            st.info(plain(str(reason)))
            return
        names = [plain(f"{one.unit}, repeat {one.repeat}") for one in found]
        for tab, one in zip(st.tabs(names), found, strict=True):
            with tab:
                _task(one)


def _task(one: dry_run.Look) -> None:
    for place, request in enumerate(one.requests, 1):
        where = f" to {request.to}" if request.to else ""
        for message in request.messages:
            told = "text to embed" if request.embeds else f"{message['role']} message"
            st.caption(plain(f"call {place}{where}, {told}"))
            content = message["content"]
            words = content if isinstance(content, str) else str(content)
            st.code(words, language=None, wrap_lines=True)
        if request.schema:
            st.caption("the reply must meet this schema")
            st.json(dict(request.schema), expanded=False)
    if one.note:
        look.caption(plain(one.note))


def capable(who: Identity, worker: Worker) -> None:
    """What the endpoint can do, as the last probe found, and the button that probes."""
    with st.expander("What the endpoint can do", key="run-capable"):
        if st.button("Probe it now", key="run-probe", help="A dozen short requests, once."):
            try:
                capabilities.probe(db(), who, worker)
            except (CallFailed, Refused) as reason:
                st.error(plain(f"Not probed: {reason}"))
        known = capabilities.of_worker(db(), who, worker)
        rows = [
            {"Model": one.model, "What": NAMES[c.name], "Offered": "yes" if c.offered else "no",
             "Seen": c.note}
            for one in known for c in one.found
        ]  # fmt: skip
        if rows:
            st.dataframe(rows, hide_index=True, width="stretch")
        else:
            look.caption(
                "Not probed yet. Runs then try JSON schemas first and fall back when they are "
                "refused; measures that need more than chat probe for it when they are used."
            )


def price_table(who: Identity) -> None:
    """The table of prices and machines, edited in place."""
    with st.expander("Prices and machines", key="run-prices"):
        look.caption(
            "Prices are per million tokens, in your own currency; an empty base URL means any "
            "endpoint. The batch share is what the batch lane costs of them. For a machine of your "
            "own, its figures give a time at best (roofline: the smaller of peak and intensity × "
            "bandwidth). A judge's own prices come first."
        )
        try:
            known = prices.table()
        except Refused as reason:
            st.error(plain(str(reason)))
            return
        rows = pd.DataFrame([row.model_dump() for row in known.prices], columns=list(COLUMNS))
        kinds = {name: "str" if name in TEXTS else "float" for name in COLUMNS}
        edited = st.data_editor(
            rows.astype(kinds), num_rows="dynamic", hide_index=True,
            key="run-price-rows", width="stretch",
            column_config={
                name: _text(title) if name in TEXTS else _number(title)
                for name, title in COLUMNS.items()
            },
        )  # fmt: skip
        if st.button("Save the prices", key="run-prices-save"):
            _save(who, edited)


def _text(title: str) -> Any:
    return st.column_config.TextColumn(title)


def _number(title: str) -> Any:
    return st.column_config.NumberColumn(title, min_value=0.0, format="%.4g")


def _save(who: Identity, edited: pd.DataFrame) -> None:
    rows = edited.astype(object).where(edited.notna(), None).to_dict("records")
    try:
        prices.save(who, rows)
    except Refused as reason:
        st.error(plain(f"Not saved: {reason}."))
        return
    st.session_state.pop("run-price-rows", None)
    st.rerun()
