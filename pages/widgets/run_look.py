"""Before a run: what it will take, the exact prompts, and the table of prices."""

from typing import Any

import pandas as pd
import streamlit as st

from core.calls import CallFailed
from core.capabilities import NAMES
from core.digest import digest
from core.prices import Price, PriceTable
from core.services import capabilities, dry_run, forecast, prices
from core.services.access import Identity
from core.services.forecast import Forecast
from core.services.studies import Refused, Study
from core.workers.base import Worker
from pages.widgets import look
from pages.widgets.database import db
from pages.widgets.words import plain, span

COLUMNS = {
    "model": ("Model", 110, "As the endpoint calls it."),
    "base_url": ("Base URL", 165, "Empty: at any endpoint."),
    "prompt": ("Prompt", 85, "Price of a million prompt tokens."),
    "completion": ("Reply", 80, "Price of a million tokens of replies."),
    "batch": ("Batch", 80, "Share of the prices that the batch lane costs."),
    "parameters": ("Billions", 90, "Parameters of the model, in billions."),
    "bytes_per_parameter": ("Bytes", 80, "Bytes that each parameter takes up."),
    "bandwidth": ("GB/s", 75, "The memory's bandwidth."),
    "tflops": ("TFLOPS", 95, "Operations a second at the peak, in 10^12."),
}
TEXTS = {"base_url", "model"}
FIGURES = ("prompt", "completion", "parameters", "bandwidth", "tflops")


def expected(who: Identity, study: Study, worker: Worker, **options: Any) -> None:
    """What the run will take, as tiles with how each was found."""
    try:
        found: Forecast = forecast.forecast(db(), who, study.key, worker, **options)
    except Refused as reason:
        st.warning(plain(str(reason)))
        return
    tokens = found.prompt_tokens + found.completion_tokens
    free = (
        f"{found.free:,} more are in the ledger and free"
        if found.free
        else "to be paid, all of them"
    )
    priced = "see “Prices and machines”" if found.cost is None else "by prices as they are now"
    look.stats(
        [
            {"label": "Calls", "value": f"{found.calls:,}", "note": free},
            {"label": "Tokens", "value": f"{tokens:,}",
             "note": f"{found.prompt_tokens:,} prompt, {found.completion_tokens:,} reply"},
            {"label": "Cost", "value": "unknown" if found.cost is None else f"{found.cost:,.4f}",
             "note": priced},
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


def price_table(who: Identity, worker: Worker) -> None:
    """The table of prices and machines, edited in place; models of the worker stand in it."""
    with st.expander("Prices and machines", key="run-prices"):
        look.caption(
            "Prices are per million tokens, in your own currency; an empty base URL means any "
            "endpoint. The batch share is what the batch lane costs of them. For a machine of your "
            "own, its figures give a time at best before the first call (roofline: the smaller of "
            "peak and intensity × bandwidth): billions of parameters, the bytes that each takes "
            "up, the memory's bandwidth and the peak. A worker's own prices come first."
        )
        try:
            known = prices.table()
        except Refused as reason:
            st.error(plain(str(reason)))
            return
        asked = _unpriced(known, worker)
        rows = pd.DataFrame([row.model_dump() for row in [*known.prices, *asked]],
                            columns=list(COLUMNS))  # fmt: skip
        kinds = {name: "str" if name in TEXTS else "float" for name in COLUMNS}
        key = f"run-price-rows-{digest([row.model_dump() for row in asked])[:8]}"
        edited = st.data_editor(
            rows.astype(kinds), num_rows="dynamic", hide_index=True, key=key, width="stretch",
            column_config={
                name: _text(*told) if name in TEXTS else _number(*told)
                for name, told in COLUMNS.items()
            },
        )  # fmt: skip
        if st.button("Save the prices", key="run-prices-save"):
            _save(who, edited, key)


def _unpriced(known: PriceTable, worker: Worker) -> list[Price]:
    """A row without figures for each model of the worker that the table does not know."""
    models = {(m.base_url, m.model) for m in worker.models().values()}
    return [
        Price(model=model, base_url=url) for url, model in sorted(models)
        if known.find(url, model) is None
    ]  # fmt: skip


def _text(title: str, width: int, about: str) -> Any:
    return st.column_config.TextColumn(title, width=width, help=about)


def _number(title: str, width: int, about: str) -> Any:
    return st.column_config.NumberColumn(
        title, min_value=0.0, format="%.4g", width=width, help=about
    )


def _save(who: Identity, edited: pd.DataFrame, key: str) -> None:
    """Write the table; a row that names a model and says nothing about it is left out."""
    rows = edited.astype(object).where(edited.notna(), None).to_dict("records")
    rows = [row for row in rows if any(row[name] is not None for name in FIGURES)]
    try:
        prices.save(who, rows)
    except Refused as reason:
        st.error(plain(f"Not saved: {reason}."))
        return
    st.session_state.pop(key, None)
    st.rerun()
