"""What a run's answers agree with so far, and the study's requests drawn as a graph."""

import json

import streamlit as st

from core.services import run_agreement, run_graph
from core.services.access import Denied, Identity
from core.services.progress import Status
from core.services.run_graph import ITEMS, Graph, Node
from core.services.studies import Study
from core.statistics.base import Estimate
from pages.widgets import look
from pages.widgets.database import db
from pages.widgets.words import plain, span


def so_far(who: Identity, status: Status) -> None:
    """Agreement of the run's rater with people and known answers, as verdicts arrive."""
    if not status.done or not who.may("see_results"):
        return
    try:
        found = run_agreement.agreement(db(), who, status.id)
    except Denied:
        return
    if not found:
        return
    st.markdown("**How far it agrees so far**, over all it has answered", anchors=False)
    rows = [
        {"Question": one.title, "Against people": _accuracy(one.people),
         "Against known answers": _accuracy(one.known)}
        for one in found
    ]  # fmt: skip
    st.dataframe(rows, hide_index=True, width="stretch", key="run-agreement")
    notes = [
        f"{against}: {e.note.removeprefix('undefined: ')}"
        for one in found
        for against, e in (("Against people", one.people), ("Against known answers", one.known))
        if not e.defined
    ]
    for note in dict.fromkeys(notes):
        look.caption(plain(f"{note}."))


def _accuracy(found: Estimate) -> str:
    """An accuracy with what belongs to it, in one cell; a dash where there is none."""
    if not found.defined:
        return "–"
    bounds = (
        f" ({look.number(found.low)} to {look.number(found.high)})" if found.low is not None else ""
    )
    covered = "" if found.coverage is None else f", coverage {found.coverage:.0%}"
    return f"{look.number(found.value)}{bounds}, n = {found.n:,}{covered}"


def flow(who: Identity, study: Study) -> None:
    """The graph of the study's workers: variables, longest chain, calls, tokens and cost."""
    if not study.protocol.workers:
        return
    with st.expander("Who works on what, and what it took", key="run-flow"):
        found = run_graph.graph(db(), who, study.key)
        st.graphviz_chart(dot(found), width="content")
        st.dataframe([_row(node, found) for node in found.nodes], hide_index=True,
                     width="stretch")  # fmt: skip
        if found.seconds is not None:
            chain = " → ".join(found.critical)
            look.caption(plain(
                f"The longest chain is {chain}: a unit takes {_time(found.seconds)} on it, waiting "
                "left out. More calls at once shorten a run, not this chain."
            ))  # fmt: skip
        else:
            look.caption("Times appear with the first calls.")


def _row(node: Node, found: Graph) -> dict[str, object]:
    return {
        "Worker": node.name, "Kind": node.kind, "Reads": ", ".join(node.reads),
        "Writes": ", ".join(node.writes), "Tasks done": node.tasks, "Calls paid": node.calls,
        "Answers from earlier calls": node.reused,
        "Tokens": node.prompt_tokens + node.completion_tokens,
        "Cost": "–" if node.cost is None else f"{node.cost:,.4f}",
        "Seconds a task": None if node.seconds is None else round(node.seconds, 2),
        "On the longest chain": "yes" if node.name in found.critical else "",
    }  # fmt: skip


def _time(seconds: float) -> str:
    return f"{seconds:.2f} seconds" if seconds < 10 else span(seconds)


def dot(found: Graph) -> str:
    """The graph in DOT; every name is a quoted string."""
    lines = [
        "digraph {", "rankdir=LR;", "bgcolor=transparent;",
        'node [shape=box, fontname="sans-serif", fontsize=11];',
        'edge [fontname="sans-serif", fontsize=9];', f"{_quoted(ITEMS)} [shape=oval];",
    ]  # fmt: skip
    for node in found.nodes:
        words = [node.name, f"{node.calls:,} calls, {node.tasks:,} tasks"]
        if node.cost is not None:
            words.append(f"cost {node.cost:,.4f}")
        style = ", penwidth=2.5" if node.name in found.critical else ""
        lines.append(f"{_quoted('w ' + node.name)} [label={_quoted(chr(10).join(words))}{style}];")
    for writer, variable, reader in found.edges():
        source = ITEMS if writer == ITEMS else f"w {writer}"
        heavy = writer in found.critical and reader in found.critical
        lines.append(
            f"{_quoted(source)} -> {_quoted('w ' + reader)} [label={_quoted(variable)}"
            f"{', penwidth=2.5' if heavy else ''}];"
        )
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    """A DOT string, escaped as JSON strings are."""
    return json.dumps(text.replace("\\", "/"), ensure_ascii=False)
