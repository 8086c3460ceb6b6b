"""Where to spend: a plan that sends each unit to people, a jury or a single judge."""

import streamlit as st

from core.services import routed, routing, runner_process
from core.services.access import Denied, Identity
from core.services.findings import NoAnswer
from core.services.routing import Routing
from core.services.studies import Refused, Study
from pages.widgets import look
from pages.widgets.database import db
from pages.widgets.words import plain


def route(who: Identity, study: Study) -> None:
    """The form of a plan, the plan, and the button that does what it says."""
    models = [w.name for w in study.protocol.workers if w.rater == "model" and not w.writes]
    if not models:
        return
    with st.expander("Where to spend: people, a jury, or one judge", key="run-route"):
        look.caption(
            "One judge answers every unit; a jury and people correct it on units drawn where that "
            "narrows the interval most for the money. The plan is shown before anything is done."
        )
        _outcome(who, study)
        left, middle, right = st.columns(3)
        judge = left.selectbox("The judge of every unit", models, key="route-judge")
        jury = left.multiselect("The jury", [m for m in models if m != judge], key="route-jury")
        budget = middle.number_input("Money for it", 0.0, None, 100.0, key="route-budget")
        seed = middle.number_input("Seed of the draw", 0, None, 0, key="route-seed")
        people = right.number_input("One person's answer costs", 0.0, None, 1.0, key="route-people")
        votes = right.number_input(
            "One answer of the whole jury costs", 0.0, None, 0.01, format="%.4f", key="route-votes"
        )
        way = right.selectbox(
            "Way", ["", *routing.WAYS], key="route-way",
            format_func=lambda w: w or "the narrowest interval",
        )  # fmt: skip
        pressed = st.button("Show the plan", key="route-plan")
        if not pressed and "route-shown" not in st.session_state:
            return
        st.session_state["route-shown"] = True
        try:
            found = routing.plan(
                db(),
                who,
                study.key,
                judge=judge,
                jury=jury,
                budget=budget,
                seed=int(seed),
                costs={routing.PEOPLE: people, routing.JURY: votes},
                way=way,
            )
        except (Refused, Denied, NoAnswer) as reason:
            st.info(plain(str(reason)))
            return
        _shown(who, found)


def _outcome(who: Identity, study: Study) -> None:
    """What the newest plan applied has come to, if there was one."""
    try:
        found = routed.outcome(db(), who, study.key)
    except (Denied, NoAnswer):
        return
    if found is None:
        return
    said = found.note
    if found.value is not None and found.low is not None and found.high is not None:
        half = (found.high - found.low) / 2
        said = (
            f"**{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]**, half an interval of "
            f"{half:.4f} where {found.promised:.4f} was promised. {plain(found.note)}"
        )
    drawn = f"{found.people[1]:,} of {found.people[0]:,} units drawn for people are answered"
    if found.jury[0]:
        drawn += f", {found.jury[1]:,} of {found.jury[0]:,} by the jury"
    head = plain(f"The plan that {found.by} applied: share of units answered {found.label}, by "
                 f"{found.way}")  # fmt: skip
    st.markdown(f"{head}: {said}", anchors=False)
    look.caption(f"{drawn}; drawn for {found.spent:,.4f} of {found.budget:,.4f}.")


def _shown(who: Identity, found: Routing) -> None:
    st.dataframe(
        [{"Way": o.name, "Costs": round(o.cost, 4), "Interval, half": round(o.half_width, 4)}
         for o in found.options],
        hide_index=True, width="stretch",
    )  # fmt: skip
    counts = [f"{found.count(to):,} units to {to}" for to in (routing.PEOPLE, routing.JURY)]
    if found.known >= 10:
        basis = f"The spreads are set by {found.known:,} units that people have answered."
    else:
        basis = "Fewer than ten units have people's answers: spreads are guessed from votes alone."
    look.caption(plain(
        f"For the share of units answered {found.label}, by {found.way}: {' and '.join(counts)}, "
        f"{found.count(routing.JUDGE):,} to the judge alone. {basis}"
    ))  # fmt: skip
    if found.unjudged:
        st.warning(plain(f"{found.unjudged}."))
    if st.button("Do it", key="route-apply", help="Units not drawn for people are asked no more."):
        try:
            started = routing.apply(db(), who, found)
        except (Refused, Denied) as reason:
            st.error(plain(str(reason)))
            return
        runner_process.ensure(db())
        st.session_state.pop("route-shown")
        st.success(f"Done: {len(started)} runs of the jury are started.")
