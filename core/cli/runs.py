"""`concord runs`: the runs of a study, and steering one of them from another terminal."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from core.cli import OPERATOR, answer, database, json_option, study_option
from core.cli._said import lines_of
from core.services import run_graph, runner_process, runs
from core.services.progress import Status
from core.services.store import Database

DOES: dict[str, Callable[..., Any]] = {
    "pause": runs.pause, "resume": runs.resume, "stop": runs.stop, "retry": runs.retry_failed,
}  # fmt: skip


@click.command(
    "runs",
    help="List the runs of a study, newest first; or steer one, wherever it is worked on.\n\n"
    "What goes on again is left to a runner: the app, or concord work.\n\n"
    "Example: concord runs --study demo --run 3 --pause",
)
@study_option
@click.option("--run", "number", type=click.IntRange(1), help="Number of one run.")
@click.option("--pause", "does", flag_value="pause", help="Begin nothing new until it is resumed.")
@click.option("--resume", "does", flag_value="resume", help="Let a paused or stopped run go on.")
@click.option("--stop", "does", flag_value="stop", help="End it; what it stored stays.")
@click.option("--retry", "does", flag_value="retry", help="Put its failed tasks into the line.")
@click.option(
    "--concurrency", type=click.IntRange(1, 256), help="So many calls at once from now on."
)
@click.option("--graph", is_flag=True, help="The study's workers as a graph, with what they took.")
@json_option
def command(
    study: str, number: int | None, does: str | None, concurrency: int | None, graph: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """List runs, draw their graph, or do something to one of them."""
    if number is None and (does or concurrency):
        raise click.UsageError("say which run: --run NUMBER")
    if graph and (number or does or concurrency):
        raise click.UsageError("--graph is about the whole study; give it by itself")
    db = database()
    if graph:
        _graph(db, study, as_json)
        return
    if number is not None and (does or concurrency):
        _mine(db, study, number)
        if concurrency:
            runs.set_concurrency(db, OPERATOR, number, concurrency)
        if does:
            DOES[does](db, OPERATOR, number)
        if does in {"resume", "retry"}:
            runner_process.ensure(db)
    found = runs.listing(db, OPERATOR, study) if number is None else [_mine(db, study, number)]
    lines = [line for status in found for line in lines_of(status)] or ["no run yet"]
    answer({"runs": [asdict(status) for status in found]}, "\n".join(lines), as_json)


def _mine(db: Database, study: str, number: int) -> Status:
    """A run of the study; raises `NoRun`."""
    for status in runs.listing(db, OPERATOR, study):
        if status.id == number:
            return status
    raise runs.NoRun(f"the study {study} has no run {number}")


def _graph(db: Database, study: str, as_json: bool) -> None:
    """Print who reads what of whom, what each took, and the longest chain."""
    found = run_graph.graph(db, OPERATOR, study)
    lines = [
        f"{node.name} ({node.kind}): {', '.join(node.reads) or 'the item'} -> "
        f"{', '.join(node.writes)}; {node.tasks} tasks, {node.calls} calls, {node.reused} answers "
        f"paid for before, {node.prompt_tokens} + {node.completion_tokens} tokens"
        + (f", cost {node.cost:.4f}" if node.cost is not None else "")
        + (f", {node.seconds:.2f} s a task" if node.seconds is not None else "")
        for node in found.nodes
    ]
    if found.seconds is not None:
        lines.append(f"longest chain, {found.seconds:.2f} s a unit: {' -> '.join(found.critical)}")
    told = {**asdict(found), "edges": [list(edge) for edge in found.edges()]}
    answer(told, "\n".join(lines) or "the study has no workers", as_json)
