"""On what terms a run works: lane, objective, concurrency, budget; and how much is left of it."""

from collections.abc import Sequence

import streamlit as st

from core.services import runs
from core.services.access import Identity
from core.services.budget import UNITS, Budget
from core.services.progress import Status
from core.services.studies import Refused
from core.services.terms import Terms
from core.workers.base import Worker
from pages.widgets import look
from pages.widgets.database import db
from pages.widgets.words import plain

LANES = {"live": "Each call by itself", "batch": "In batches: cheaper, up to a day"}
RESTING = ("paused", "stopped")
MEASURES = {"p95": "95th percentile", "mean": "Mean"}
OBJECTIVES = {
    "throughput": "Throughput: all it can take",
    "latency": "Latency: replies stay quick",
}


def terms(workers: Sequence[Worker], key: str = "run") -> tuple[Terms, int]:
    """The terms entered, and how many calls may go at once; the defaults for offline workers."""
    if not any(worker.needs_model() for worker in workers):
        return Terms(), 16
    with st.expander("How it goes, and what it may take", key=f"{key}-terms"):
        one, two, three = st.columns(3)
        lane = one.selectbox("Lane", list(LANES), key=f"{key}-lane", format_func=LANES.__getitem__)
        objective = two.selectbox(
            "Objective", list(OBJECTIVES), key=f"{key}-objective", disabled=lane == "batch",
            format_func=OBJECTIVES.__getitem__,
        )  # fmt: skip
        most = three.number_input(
            "Calls at once, at most", 1, 256, 16, key=f"{key}-most", disabled=lane == "batch"
        )
        target, of = _target(key) if objective == "latency" and lane == "live" else (None, "p95")
        given = _limits(f"{key}-budget")
        look.caption(
            "A budget is hard: what a call may take at most is put aside before it is sent, and "
            "the run pauses before a call that could break it. For a reply that is as many tokens "
            "as the worker's `max_tokens` (“Most tokens” of a new judge), or 4,096 without it."
        )
    goal = objective if lane == "live" else "throughput"
    return Terms(lane, goal, target, of, given), int(most)


def _target(key: str) -> tuple[float | None, str]:
    """How long replies may take, and whether their 95th percentile or their mean."""
    one, two, _ = st.columns(3)
    target = one.number_input(
        "Seconds a reply may take", 0.01, None, None, key=f"{key}-target",
        placeholder="no number",
        help="Without a number: not half as long again as at their best.",
    )  # fmt: skip
    of = two.selectbox(
        "Measured by", list(MEASURES), key=f"{key}-target-of", format_func=MEASURES.__getitem__
    )
    return target, of


def latency(status: Status) -> None:
    """How long the latest replies took beside the target of the run."""
    if status.target is None:
        return
    goal = f"target: {MEASURES[status.target_of].lower()} of at most {status.target:g} s"
    if status.latency is None:
        look.caption(plain(f"No reply yet; {goal}."))
        return
    mean, high, n = status.latency
    kept = (high if status.target_of == "p95" else mean) <= status.target
    look.caption(plain(
        f"Replies take {mean:.2f} s on average, 95th percentile {high:.2f} s (the latest {n:,}); "
        f"{goal}, {'kept' if kept else 'not kept'}."
    ))  # fmt: skip


def _limits(key: str, now: dict[str, float] | None = None) -> Budget:
    known = now or {}
    one, two, three = st.columns(3)
    whole = {name: int(known[name]) if name in known else None for name in ("calls", "tokens")}
    calls = one.number_input(
        "At most so many calls", 1, None, whole["calls"], key=f"{key}-calls",
        placeholder="no limit",
    )  # fmt: skip
    tokens = two.number_input(
        "At most so many tokens", 1, None, whole["tokens"], key=f"{key}-tokens",
        placeholder="no limit",
    )  # fmt: skip
    money = three.number_input(
        "At most so much money", 0.0, None, known.get("money"), key=f"{key}-money", format="%.4f",
        placeholder="no limit",
    )  # fmt: skip
    return Budget(calls, tokens, money or None)


def budget(who: Identity, status: Status) -> None:
    """What is spent of a run's budget; while the run rests, the fields that change it."""
    for name, spent, most in status.budget:
        words = f"{spent:,.6g} of {most:,.6g} {UNITS[name]} spent or put aside"
        if name == "calls":
            words += ", repeats and corrections included"
        st.progress(min(1.0, spent / most), text=plain(words))
    if not status.budget or status.state not in RESTING or not status.over:
        return
    with st.container(key="run-raise"):
        _limits(_raise_key(status), {name: most for name, _, most in status.budget})
        look.caption("“Resume” goes on with what stands here.")
        if st.button("Change the budget, and let it rest", key="run-raise-save"):
            try:
                if (found := wanted(status)) is not None:
                    runs.set_budget(db(), who, status.id, found)
                st.rerun()
            except Refused as reason:
                st.error(plain(str(reason)))


def wanted(status: Status) -> Budget | None:
    """The budget in the fields of a run that rests; None where there are none, or it is as it was.

    A field that was emptied is no limit.
    """
    key = _raise_key(status)
    fields = {name: st.session_state.get(f"{key}-{name}") for name in UNITS}
    if not status.budget or f"{key}-calls" not in st.session_state:
        return None
    found = Budget(fields["calls"], fields["tokens"], fields["money"] or None)
    return None if found.limits() == {name: most for name, _, most in status.budget} else found


def _raise_key(status: Status) -> str:
    return f"run-raise-{status.id}"
