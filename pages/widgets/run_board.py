"""A run on the page: how far it is, what failed, and the buttons that steer it."""

from datetime import datetime

import streamlit as st

from core.services import details, runner_process, runs
from core.services.access import Identity
from core.services.progress import Status
from core.services.studies import Refused
from pages.widgets import figures, look, run_flow, run_terms
from pages.widgets.database import db
from pages.widgets.words import plain, span

MOST = 500
SOON = "waiting for a runner, which takes a few seconds to start"
NOBODY = "no runner is at work; start one with “concord work”"
KINDS = {
    "endpoint_down": "Nothing answered", "bad_key": "Key refused",
    "unknown_model": "Model unknown", "rate_limited": "Too many requests",
    "server_error": "Server errors", "timeout": "Too slow", "broken_reply": "Broken replies",
    "bad_request": "Request refused", "truncated": "Cut off by the token limit",
    "invalid_reply": "Not a valid answer", "refused": "The model refused",
    "too_long": "Unit too long", "worker_error": "Error in the worker",
    "not_stored": "Could not be stored", "batch_failed": "Not answered by the batch",
    "not_offered": "Not offered by the endpoint",
}  # fmt: skip


def board(who: Identity, run: int) -> None:
    """The run, followed every two seconds while it goes on."""
    status = runs.status(db(), who, run)
    if status.over:
        _draw(who, status)
    else:
        _live(who, run)


@st.fragment(run_every=2.0)
def _live(who: Identity, run: int) -> None:
    status = runs.status(db(), who, run)
    if status.over:
        st.rerun()
    runner_process.ensure(db())
    _draw(who, status)


def _draw(who: Identity, status: Status) -> None:
    with st.container(key="run-board", border=True):
        st.markdown(f"#### {plain(status.worker)} {look.chip(status.state)}", anchors=False)
        over = status.done + status.failed
        st.progress(min(1.0, over / max(1, status.total)), text=_said(status))
        if status.message:
            (st.warning if status.state == "paused" else st.info)(plain(status.message))
        _numbers(status)
        run_terms.latency(status)
        run_terms.budget(who, status)
        _buttons(who, status)
        _failures(status)
        _quotes(who, status)
        run_flow.so_far(who, status)


def _said(status: Status) -> str:
    words = f"{status.done:,} of {status.total:,} done"
    if status.failed:
        words += f", {status.failed:,} failed"
    if status.state == "paused" and not status.over:
        return f"{words}; what is under way is finished first"
    if status.state in {"ready", "running"} and not status.alive:
        return f"{words}; {NOBODY if runner_process.by_hand() else SOON}"
    if status.lane == "batch" and status.state == "running":
        return f"{words}; in batches, for which the provider may take a day"
    if status.state == "running" and status.pace is not None and status.pace[1] >= 1:
        return f"{words}; the endpoint has asked to wait, {span(status.pace[1])} more"
    if status.state == "running" and status.pace is not None and not status.rate:
        return f"{words}; no reply lately, up to {status.pace[0]} calls at once"
    if status.rate:
        words += f"; {status.rate:.1f} calls a second"
        words += f", up to {status.pace[0]} at once" if status.pace else ""
    if status.eta:
        words += f", {'a few seconds' if status.eta < 5 else f'about {span(status.eta)}'} to go"
    return words


def _numbers(status: Status) -> None:
    if not status.calls:
        return
    tokens = status.prompt_tokens + status.completion_tokens
    cost = "unknown" if status.cost is None else f"{status.cost:,.4f}"
    look.stats(
        [
            {"label": "Calls", "value": f"{status.calls:,}",
             "note": "replies found in the ledger cost nothing"},
            {"label": "Tokens", "value": f"{tokens:,}",
             "note": f"{status.prompt_tokens:,} prompt, {status.completion_tokens:,} reply"},
            {"label": "Cost", "value": cost,
             "note": "give prices under “Prices and machines”" if status.cost is None else
             "by the prices at its start"},
        ],
        key="run-numbers",
    )  # fmt: skip


def _failures(status: Status) -> None:
    if status.failures:
        st.markdown("**Failed.** No value was stored for these; coverage shows it.")
        rows = [
            {"What": KINDS.get(kind, kind), "How many": n, "Message": message}
            for kind, n, message in status.failures
        ]
        figures.table(rows, "run-failures", "Failures by kind")
    if status.skips:
        words = "; ".join(f"{n:,} units: {why}" for why, n in status.skips[:5])
        look.caption(plain(f"Passed by, as the worker has no answer for them: {words}."))


def _quotes(who: Identity, status: Status) -> None:
    """Judgments whose reasoning quotes an instruction that stands in the material."""
    found = details.quoted(db(), who, status.study, status.id)
    if not found:
        return
    st.warning(
        f"{len(found):,} of these judgments quote an instruction that is hidden in the material. "
        "Their values are kept as they are; look at them on the Review page."
    )
    with st.expander("Which ones", key="run-quotes"):
        st.dataframe(
            [{"Unit": q.unit, "Question": q.question, "Quoted": " / ".join(q.quotes)}
             for q in found[:MOST]], hide_index=True, width="stretch",
        )  # fmt: skip


def _buttons(who: Identity, status: Status) -> None:
    with st.container(key="run-buttons", horizontal=True, vertical_alignment="bottom"):
        if status.state in {"ready", "running"}:
            st.button("Pause", key="run-pause", on_click=_do, args=(runs.pause, who, status.id))
        if status.state in {"paused", "stopped"} and status.waiting:
            st.button("Resume", key="run-resume", type="primary", on_click=_resume,
                      args=(who, status))  # fmt: skip
        if status.state in runs.OPEN:
            st.button("Stop", key="run-stop", on_click=_do, args=(runs.stop, who, status.id))
        if status.failed and status.over:
            st.button(
                "Retry the failed ones", key="run-retry", on_click=_do,
                args=(runs.retry_failed, who, status.id),
                help="The run goes on with these too." if status.waiting else None,
            )  # fmt: skip
        if status.state in runs.OPEN and status.lane == "live":
            _speed(who, status)


def _speed(who: Identity, status: Status) -> None:
    key = f"run-speed-{status.id}"
    st.number_input(
        "Calls at once, at most", 1, 256, status.concurrency, key=key, width=190,
        on_change=lambda: _do(runs.set_concurrency, who, status.id, st.session_state[key]),
        help="The runner finds out by itself how many the endpoint takes, up to this many.",
    )  # fmt: skip


def _resume(who: Identity, status: Status) -> None:
    """Go on, with the budget as it stands in the fields."""
    wanted = run_terms.wanted(status)
    if wanted is None or _do(runs.set_budget, who, status.id, wanted):
        _do(runs.resume, who, status.id)


def _do(action, who: Identity, run: int, *more: object) -> bool:  # type: ignore[no-untyped-def]
    """Whether it could be done; the reason is shown where not."""
    try:
        action(db(), who, run, *more)
    except Refused as reason:
        st.toast(plain(f"Not done: {reason}."))
        return False
    return True


def past(found: list[Status]) -> None:
    """The table of a study's runs, newest first; a picked one stands above from then on."""
    rows = [
        {
            "Run": s.id, "Worker": s.worker, "State": s.state, "Judged": s.done, "Of": s.total,
            "Failed": s.failed, "Calls": s.calls,
            "Tokens": s.prompt_tokens + s.completion_tokens,
            "Cost": "–" if s.cost is None else f"{s.cost:,.4f}",
            "Started": datetime.fromtimestamp(s.created_at / 1e6).strftime("%Y-%m-%d %H:%M"),  # noqa: DTZ006
        }
        for s in found
    ]  # fmt: skip
    look.caption("Pick a row to see that run above: its failures, and the way to go on.")
    st.dataframe(
        rows, hide_index=True, width="stretch", key="run-past", on_select=lambda: _show(found),
        selection_mode="single-row",
    )  # fmt: skip


def _show(found: list[Status]) -> None:
    for row in st.session_state["run-past"].selection.rows:
        st.session_state["run-shown"] = found[row].id
