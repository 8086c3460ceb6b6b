"""Model runs: choose a worker, look at what it would be sent, let it work, watch it."""

from collections.abc import Callable

import streamlit as st

from core.services import chain, runner_process, runs
from core.services.access import Denied
from core.services.planning import waiting
from core.services.studies import Refused, Study
from core.workers.base import Worker
from pages.widgets import (
    figures,
    identity,
    look,
    run_flow,
    run_look,
    run_route,
    run_terms,
    workspace,
)
from pages.widgets.judge_form import new_judge
from pages.widgets.jury_board import outdated
from pages.widgets.run_board import board, past
from pages.widgets.speech import speaking
from pages.widgets.words import plain
from pages.widgets.worker_form import copy_of, new_worker

NEW = "A new judge"
OTHER = "A new worker of any kind"

who = identity.who()
study = workspace.study_picker(who)
said = speaking()
db = workspace.db()


def chosen(study: Study) -> Worker | None:
    """The worker picked from the study, or the new judge that the form describes."""
    known = {w.name: w for w in study.protocol.workers}
    name = st.selectbox(
        "Who works", [*known, NEW, OTHER], key="run-worker",
        format_func=lambda n: label(known.get(n), n),
    )  # fmt: skip
    if name in known:
        st.button(
            "Make a changed copy", key="run-copy", on_click=copied, args=(study, known[name]),
            help="Begin a new worker with the settings of this one.",
        )  # fmt: skip
        return known[name]
    return new_judge(study) if name == NEW else new_worker(study)


def copied(study: Study, worker: Worker) -> None:
    """Go on to the form of a new worker, filled with the settings of one that there is."""
    copy_of(study, worker)
    st.session_state["run-worker"] = OTHER


def label(worker: Worker | None, name: str) -> str:
    """A worker's name with what it is."""
    if worker is None:
        more = (
            "a model behind an endpoint" if name == NEW else "writers, panels, rules, all settings"
        )
        return f"{name} ({more})"
    if worker.simulated:
        return f"{name} (simulated)"
    return f"{name} ({worker.rater}{'' if worker.needs_model() else ', offline'})"


def plan(study: Study, worker: Worker) -> None:
    """What the run would do, and the button that starts it."""
    fresh = st.toggle(
        "Do anew what it has done before", key="run-fresh",
        help="New answers replace the old ones in statistics; the old ones stay in the log.",
    )  # fmt: skip
    limit = st.number_input(
        "At most so many units", 1, None, None, key="run-limit", width=240, placeholder="all"
    )
    planned = runs.plan(db, who, study.key, worker, limit=limit, fresh=fresh)
    asks = worker.rater == "model" and not worker.gathers()
    what = "outputs" if worker.writes else "calls" if asks else "answers"
    words = [f"{planned.work:,} {what if planned.work != 1 else what[:-1]} to make"]
    if planned.judged:
        words.append(f"{planned.judged:,} judged before and kept")
    if planned.outdated:
        words.append(f"{planned.outdated:,} decided on votes that have changed: decided anew")
    words += waiting(study, planned)
    words += [f"{n:,} units passed by: {why}" for why, n in list(planned.passed_by.items())[:3]]
    look.caption(plain(" · ".join(words)))
    terms, most = run_terms.terms([worker])
    if worker.needs_model():
        run_look.capable(who, worker)
        run_look.price_table(who, worker)
        if planned.work:
            run_look.expected(
                who, study, worker, limit=limit, fresh=fresh, concurrency=most, lane=terms.lane
            )
        run_look.prompts(who, study, worker, limit=limit, fresh=fresh)
    if st.button("Start", key="run-start", type="primary", disabled=not planned.work):
        begin(study, worker, limit=limit, fresh=fresh, concurrency=most, terms=terms)


def everything(study: Study) -> None:
    """The workers in their order, and the button that lets all of them have their turn."""
    if len(study.protocol.workers) < 2 and not any(w.writes for w in study.protocol.workers):
        return
    with st.expander("Run everything", key="run-chain"):
        stages = chain.stages(db, who, study.key)
        look.caption(
            "Each worker begins when the one before it is done. The order follows from what they "
            "read and write; judges come after whoever writes what is judged."
        )
        figures.table([stage_cells(n, s) for n, s in enumerate(stages, 1)], "run-stages", "Stages")
        terms, most = run_terms.terms(study.protocol.workers, key="chain")
        limit = st.number_input(
            "At most so many units for each", 1, None, None, key="chain-limit", width=240,
            placeholder="all",
        )  # fmt: skip
        if terms.budget.limits():
            look.caption("All runs of the chain draw on this one budget.")
        if st.button("Run everything", key="run-all"):
            launch(
                lambda: chain.start(db, who, study.key, concurrency=most, limit=limit, terms=terms)
            )


def stage_cells(number: int, stage: chain.Stage) -> dict[str, str]:
    """One line of the table of stages."""
    worker = stage.worker
    return {
        "Turn": str(number), "Worker": worker.name, "Kind": worker.kind,
        "Reads": ", ".join(worker.reads) or ("the item" if worker.writes else "the units"),
        "Writes": worker.writes or "judgments", "To do now": f"{stage.work:,}",
        "Done before": f"{stage.done:,}", "Waits": "; ".join(stage.waits) or "–",
    }  # fmt: skip


def launch(start: Callable[[], int]) -> None:
    """Start a run, show it, and see that a runner is there."""
    try:
        run = start()
    except (Refused, Denied) as reason:
        st.error(plain(f"Not started: {reason}."))
        return
    st.session_state["run-shown"] = st.session_state["run-begun"] = run
    runner_process.ensure(db)
    st.rerun()


def begin(study: Study, worker: Worker, **options) -> None:  # type: ignore[no-untyped-def]
    """Save a new judge, and start the run."""

    def start() -> int:
        runs.check_key(worker)
        runs.add_worker(db, who, study.key, worker)
        return runs.start(db, who, study.key, worker, **options)

    launch(start)


def shown(found: list[runs.Status]) -> int | None:
    """The run to show: the one just started or what followed it, else one that goes on."""
    states = {s.id: s.state for s in found}
    ids = list(states)
    now = st.session_state.get("run-shown")
    while states.get(now) == "done" and chain.following(db, who, now) is not None:
        now = st.session_state["run-shown"] = chain.following(db, who, now)
    if now in states:
        return int(now)
    alive = [s.id for s in found if s.state in runs.OPEN]
    return next(iter([*alive, *ids]), None)


def before(found: list[runs.Status], now: int) -> None:
    """Warn where an earlier run of the same chain failed: what it should have made is missing."""
    known = {s.id: s for s in found}
    at, failed = known[now].after, []
    while at in known:
        if known[at].failed:
            failed.append(f"{known[at].worker} ({known[at].failed:,} failed)")
        at = known[at].after
    if failed:
        st.warning(plain(
            f"Earlier in this chain: {', '.join(reversed(failed))}. What these should have made is "
            "missing here. Pick their rows below to see why, then retry the failed ones."
        ))  # fmt: skip


look.header(said("page_runs"), study, who)
if study is None:
    look.no_study("no_study_runs", button=said("create_study"), page="studies", key="runs-none")
    st.stop()
found = runs.listing(db, who, study.key)
outdated(who, study)
now = shown(found)
if begun := st.session_state.pop("run-begun", None):
    st.toast(f"Run {begun} has begun: it stands at the top of this page.")
if now is not None:
    before(found, now)
    board(who, now)
with st.container(key="run-new", border=True):
    st.markdown("#### A new run", anchors=False)
    worker = chosen(study)
    if worker is not None:
        plan(study, worker)
everything(study)
run_flow.flow(who, study)
run_route.route(who, study)
st.markdown("#### Runs of this study", anchors=False)
if found:
    past(found)
else:
    look.empty_state(
        "No run yet",
        "Choose above who judges. A model needs the address of an endpoint; rules work offline.",
        key="runs-past",
    )  # fmt: skip
