"""`concord run`: let a worker judge a study."""

import asyncio
from dataclasses import asdict
from typing import Any

import click
from pydantic import ValidationError

from core.calls import CallFailed
from core.capabilities import NAMES
from core.cli import OPERATOR, answer, bar, database, json_option, study_option
from core.protocol import explain
from core.services import capabilities, chain, forecast, runner, runner_process, runs, studies
from core.services.budget import UNITS, Budget
from core.services.dry_run import dry_run as dry_run_of
from core.services.progress import Status
from core.services.store import Database
from core.services.terms import LANES, MEASURES, OBJECTIVES, Terms
from core.workers.base import Worker
from core.workers.judge import Judge

UNFINISHED = 5


@click.command(
    "run",
    help="Let a worker judge a study. Running it again does what is still missing.\n\n"
    "Exit codes: 0 all done; 5 paused, stopped or some tasks failed (concord run again, or "
    "--retry).\n\n"
    "With --all every worker of the study has its turn, in the order of what they read and write; "
    "they share the budget, and --limit holds for each: "
    "concord run --study demo --all --max-calls 500\n\n"
    "Example: concord run --study demo --worker my-judge --base-url http://127.0.0.1:8000/v1 "
    "--model my-model --mode pairwise",
)
@study_option
@click.option("--worker", help="A worker of the study, or the name of a new judge.")
@click.option("--all", "everything", is_flag=True, help="All workers, one after the other.")
@click.option("--base-url", help="Address of an OpenAI-compatible endpoint, for a new judge.")
@click.option("--model", help="Name of the model there.")
@click.option("--key", default="", help="NAME of the variable or secret that holds the key.")
@click.option("--mode", type=click.Choice(["pointwise", "pairwise"]), default="pointwise")
@click.option("--reference", default="", help="Field that holds a trusted reference.")
@click.option("--limit", type=click.IntRange(1), help="At most so many units.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=16, show_default=True)
@click.option(
    "--lane",
    type=click.Choice(LANES),
    default="live",
    show_default=True,
    help="batch: files of calls, cheaper and slower.",
)
@click.option(
    "--objective",
    type=click.Choice(OBJECTIVES),
    default="throughput",
    show_default=True,
    help="latency: no more at once than replies stay quick.",
)
@click.option(
    "--target", type=click.FloatRange(0, min_open=True), help="latency: seconds a reply may take."
)
@click.option(
    "--target-of",
    type=click.Choice(MEASURES),
    default="p95",
    show_default=True,
    help="What --target is about: the 95th percentile, or the mean.",
)
@click.option("--max-calls", type=click.IntRange(1), help="Stop before more requests than this.")
@click.option("--max-tokens", type=click.IntRange(1), help="Stop before more tokens than this.")
@click.option("--max-cost", type=click.FloatRange(0, min_open=True), help="Stop before more money.")
@click.option("--fresh", is_flag=True, help="Ask anew what was answered before.")
@click.option("--retry", is_flag=True, help="Put the failed tasks of its last run into the line.")
@click.option("--dry-run", is_flag=True, help="Send nothing: what it takes, and three prompts.")
@click.option("--probe", is_flag=True, help="Ask the worker's endpoint what it can do, and stop.")
@click.option("--wait/--no-wait", default=True, help="Work here, or leave it to a runner.")
@json_option
def command(
    study: str, worker: str | None, everything: bool, base_url: str | None, model: str | None,
    key: str, mode: str, reference: str, limit: int | None, concurrency: int, lane: str,
    objective: str, target: float | None, target_of: str, max_calls: int | None,
    max_tokens: int | None, max_cost: float | None,
    fresh: bool, retry: bool, dry_run: bool, probe: bool, wait: bool, as_json: bool,
) -> None:  # fmt: skip
    """Start a run, or go on with the one that is open."""
    if (worker is None) != everything:
        raise click.UsageError("name a --worker, or let --all of them work")
    if everything and (dry_run or probe):
        raise click.UsageError("a dry run or a probe looks at one --worker")
    terms = Terms(lane, objective, target, target_of, Budget(max_calls, max_tokens, max_cost))
    if everything and retry:
        raise click.UsageError("--retry is about the last run of one --worker")
    db = database()
    try:
        if worker is None:
            _chain(db, study, wait, as_json, concurrency=concurrency, fresh=fresh, limit=limit,
                   terms=terms)  # fmt: skip
            return
        options = {"base_url": base_url, "model": model, "key": key, "mode": mode,
                   "reference": reference}  # fmt: skip
        found = _worker(db, study, worker, {k: v for k, v in options.items() if v},
                        not dry_run and not probe)  # fmt: skip
        if probe:
            _probe(db, study, found, as_json)
            return
        if dry_run:
            _look(db, study, found, as_json, limit=limit, fresh=fresh, concurrency=concurrency,
                  lane=lane)  # fmt: skip
            return
        try:
            run = _open(db, study, found, retry, terms.budget) or runs.start(
                db, OPERATOR, study, found, limit=limit, fresh=fresh, concurrency=concurrency,
                terms=terms,
            )  # fmt: skip
        except runs.NothingToDo as nothing:
            answer({"id": None, "state": "done", "message": str(nothing)}, str(nothing), as_json)
            return
        if wait:
            work_on(db, run)
        else:
            runner_process.ensure(db)
        _tell(runs.status(db, OPERATOR, run), wait, as_json)
    finally:
        db.close()


def _chain(
    db: Database, study: str, wait: bool, as_json: bool, *, terms: Terms, **options: Any
) -> None:
    """Let every worker have its turn; a chain that rests goes on, with a budget if one is given."""
    try:
        first = chain.start(db, OPERATOR, study, terms=terms, **options)
        _go_on(db, runs.status(db, OPERATOR, first), terms.budget)
    except runs.NothingToDo as nothing:
        answer({"runs": [], "state": "done", "message": str(nothing)}, str(nothing), as_json)
        return
    if not wait:
        runner_process.ensure(db)
    run: int | None = first
    found = []
    while run is not None:
        if wait:
            work_on(db, run)
        found.append(runs.status(db, OPERATOR, run))
        run = chain.following(db, OPERATOR, run)
    state = next((s.state for s in found if s.state != "done"), "done")
    words = "\n".join(line for status in found for line in _lines(status))
    answer({"runs": [asdict(status) for status in found], "state": state}, words, as_json)
    if wait and (state != "done" or any(status.failed for status in found)):
        raise SystemExit(UNFINISHED)


def _worker(db: Database, study: str, name: str, options: dict[str, Any], save: bool) -> Worker:
    """The worker of that name; with an endpoint given, a new judge saved into the protocol."""
    if "model" not in options and "base_url" not in options:
        return runs.worker_of(studies.load(db, study), name)
    try:
        judge = Judge(name=name, **options)
    except ValidationError as error:
        raise click.UsageError(explain(error)) from None
    if save:
        runs.check_key(judge)
        runs.add_worker(db, OPERATOR, study, judge)
    return judge


def _look(db: Database, study: str, worker: Worker, as_json: bool, **options: Any) -> None:
    """Print what a run would take and the exact prompts of three units."""
    expected = forecast.forecast(db, OPERATOR, study, worker, **options)
    options = {name: options[name] for name in ("limit", "fresh")}
    looks = dry_run_of(db, OPERATOR, study, worker, **options) if expected.calls else []
    lines = [
        f"{expected.tasks:,} tasks: {expected.calls:,} calls, {expected.free:,} more from the "
        f"ledger; {expected.prompt_tokens:,} + {expected.completion_tokens:,} tokens, cost "
        f"{_known(expected.cost, ',.4f')}, seconds {_known(expected.seconds, ',.0f')}",
        *(f"- {note}" for note in expected.notes),
    ]
    for look in looks:
        for place, request in enumerate(look.requests, 1):
            lines.append(f"\n== unit {look.unit}, repeat {look.repeat}, call {place}")
            lines += [f"-- {m['role']}\n{m['content']}" for m in request.messages]
        lines += [f"({look.note})"] if look.note else []
    found = {"study": study, "worker": worker.name, "forecast": asdict(expected),
             "prompts": [asdict(look) for look in looks]}  # fmt: skip
    answer(found, "\n".join(lines), as_json)


def _probe(db: Database, study: str, worker: Worker, as_json: bool) -> None:
    """Print what the endpoints of the worker's models can do."""
    try:
        found = capabilities.probe(db, OPERATOR, worker)
    except CallFailed as error:
        raise click.ClickException(error.message) from None
    lines = []
    for one in found:
        lines.append(f"{one.model} at {one.base_url}" + (f" ({one.name})" if one.name else ""))
        lines += [
            f"  {'yes' if c.offered else 'no ':3} {c.name}: {NAMES[c.name]} ({c.note})"
            for c in one.found
        ]
    told = {"study": study, "worker": worker.name, "endpoints": [asdict(one) for one in found]}
    answer(told, "\n".join(lines), as_json)


def _known(number: float | None, form: str) -> str:
    return "unknown" if number is None else format(number, form)


def _open(db: Database, study: str, worker: Worker, retry: bool, budget: Budget) -> int | None:
    """The run of this worker that is not over: it goes on, with another budget if one is given."""
    own = [s for s in runs.listing(db, OPERATOR, study) if s.worker == worker.name]
    if retry and own and own[0].failed:
        runs.retry_failed(db, OPERATOR, own[0].id)
        return own[0].id
    for status in own:
        _go_on(db, status, budget)
        if status.state in runs.OPEN:
            return status.id
    return None


def _go_on(db: Database, status: Status, budget: Budget) -> None:
    """Resume a run if it is paused, with another budget if one is given."""
    if status.state == "paused":
        if budget.limits():
            runs.set_budget(db, OPERATOR, status.id, budget)
        runs.resume(db, OPERATOR, status.id)


def work_on(db: Database, run: int) -> None:
    """Work on a run in this process, with a bar; Ctrl+C pauses it."""
    status = runs.status(db, OPERATOR, run)
    with bar(status.waiting, f"run {run}, {status.worker}") as shown:
        try:
            asyncio.run(runner.execute(db, run, shown.update))
        except KeyboardInterrupt:
            runs.pause(db, OPERATOR, run)


def _latency(status: Status) -> list[str]:
    """How long replies take, of a run that has a target."""
    if status.latency is None:
        return []
    mean, high, n = status.latency
    return [
        f"replies: mean {mean:.2f} s, 95th percentile {high:.2f} s of the latest {n}; target: "
        f"{status.target_of} of at most {status.target:g} s"
    ]


def _lines(status: Status) -> list[str]:
    """What a run has come to, in words."""
    lines = [
        f"run {status.id} ({status.worker}): {status.state}; {status.done} of {status.total} done, "
        f"{status.failed} failed, {status.skipped} passed by, {status.waiting} waiting",
        f"{status.calls} calls, {status.prompt_tokens} + {status.completion_tokens} tokens"
        + (f", cost {status.cost:.4f}" if status.cost is not None else ""),
        *_latency(status),
        *(
            f"budget: {spent:,.6g} of {most:,.6g} {UNITS[name]}"
            for name, spent, most in status.budget
        ),
        *(f"failed {n} x {kind}: {message}" for kind, n, message in status.failures),
        *(f"passed by {n} x {reason}" for reason, n in status.skips),
    ]
    return [*lines, status.message] if status.message else lines


def _tell(status: Status, wait: bool, as_json: bool) -> None:
    answer(asdict(status), "\n".join(_lines(status)), as_json)
    if wait and (status.state != "done" or status.failed):
        raise SystemExit(UNFINISHED)
