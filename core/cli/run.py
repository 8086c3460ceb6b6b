"""`concord run`: let a worker judge a study."""

import asyncio
from dataclasses import asdict
from typing import Any, TextIO, get_args

import click
from pydantic import ValidationError

from core.cli import OPERATOR, answer, bar, database, json_option, study_option
from core.cli._said import lines_of, look
from core.cli._said import probe as probe_ends
from core.protocol import explain
from core.services import (
    chain,
    drafts,
    runner,
    runner_process,
    runs,
    studies,
)
from core.services.budget import Budget
from core.services.progress import Status
from core.services.store import Database
from core.services.terms import LANES, MEASURES, OBJECTIVES, Terms
from core.workers.base import Worker
from core.workers.judge import Judge

UNFINISHED = 5
MANY = 16
MODES: tuple[str, ...] = get_args(Judge.model_fields["mode"].annotation)


@click.command(
    "run",
    help="Let a worker judge a study. Running it again does what is still missing.\n\n"
    "Exit codes: 0 all done; 5 paused, stopped or some tasks failed (concord run again, or "
    "--retry).\n\n"
    "With --all every worker of the study has its turn, in the order of what they read and write; "
    "they share the budget, and --limit holds for each: "
    "concord run --study demo --all --max-calls 500\n\n"
    "With --file a new worker of any kind is read from a YAML file, as it stands under `workers` "
    "of a study, and saved into the study: concord run --study demo --file critic.yaml\n\n"
    "Example: concord run --study demo --worker my-judge --base-url http://127.0.0.1:8000/v1 "
    "--model my-model --mode pairwise",
)
@study_option
@click.option("--worker", help="A worker of the study, or the name of a new judge.")
@click.option("--all", "everything", is_flag=True, help="All workers, one after the other.")
@click.option(
    "--file",
    "spec",
    type=click.File(encoding="utf-8"),
    help="YAML of a new worker of any kind; - for standard input.",
)
@click.option("--base-url", help="Address of an OpenAI-compatible endpoint, for a new judge.")
@click.option("--model", help="Name of the model there.")
@click.option("--key", default="", help="NAME of the variable or secret that holds the key.")
@click.option("--mode", type=click.Choice(MODES), default="pointwise")
@click.option("--reference", default="", help="Field that holds a trusted reference.")
@click.option("--limit", type=click.IntRange(1), help="At most so many units.")
@click.option("--concurrency", type=click.IntRange(1, 256), help="Calls at once; 16 in a new run.")
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
    study: str, worker: str | None, everything: bool, spec: TextIO | None, base_url: str | None,
    model: str | None,
    key: str, mode: str, reference: str, limit: int | None, concurrency: int | None, lane: str,
    objective: str, target: float | None, target_of: str, max_calls: int | None,
    max_tokens: int | None, max_cost: float | None,
    fresh: bool, retry: bool, dry_run: bool, probe: bool, wait: bool, as_json: bool,
) -> None:  # fmt: skip
    """Start a run, or go on with the one that is open."""
    if [worker is not None, everything, spec is not None].count(True) != 1:
        raise click.UsageError("name a --worker, give one by --file, or let --all of them work")
    if spec is not None and (base_url or model or key or reference):
        raise click.UsageError("with --file, what a worker needs stands in the file")
    if everything and (dry_run or probe):
        raise click.UsageError("a dry run or a probe looks at one --worker")
    terms = Terms(lane, objective, target, target_of, Budget(max_calls, max_tokens, max_cost))
    if everything and retry:
        raise click.UsageError("--retry is about the last run of one --worker")
    db = database()
    try:
        if everything:
            _chain(db, study, wait, as_json, concurrency=concurrency, fresh=fresh, limit=limit,
                   terms=terms)  # fmt: skip
            return
        options = {"base_url": base_url, "model": model, "key": key, "mode": mode,
                   "reference": reference}  # fmt: skip
        found = _worker(db, study, worker or spec, {k: v for k, v in options.items() if v},
                        not dry_run and not probe)  # fmt: skip
        if probe:
            probe_ends(db, study, found, as_json)
            return
        if dry_run:
            look(db, study, found, as_json, limit=limit, fresh=fresh,
                  concurrency=concurrency or MANY, lane=lane)  # fmt: skip
            return
        try:
            run = _open(db, study, found, retry, terms.budget, concurrency) or runs.start(
                db, OPERATOR, study, found, limit=limit, fresh=fresh,
                concurrency=concurrency or MANY, terms=terms,
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
    db: Database, study: str, wait: bool, as_json: bool, *, terms: Terms,
    concurrency: int | None, **options: Any,
) -> None:  # fmt: skip
    """Let every worker have its turn; a chain that rests goes on, with a budget if one is given."""
    try:
        first = chain.start(db, OPERATOR, study, terms=terms, concurrency=concurrency or MANY,
                            **options)  # fmt: skip
        _go_on(db, runs.status(db, OPERATOR, first), terms.budget, concurrency)
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
    words = "\n".join(line for status in found for line in lines_of(status))
    answer({"runs": [asdict(status) for status in found], "state": state}, words, as_json)
    if wait and (state != "done" or any(status.failed for status in found)):
        raise SystemExit(UNFINISHED)


def _worker(
    db: Database, study: str, given: str | TextIO | None, options: dict[str, Any], save: bool
) -> Worker:
    """The worker of that name; one of a file, and a judge at an endpoint, is saved as well."""
    if isinstance(given, str) and "model" not in options and "base_url" not in options:
        return runs.worker_of(studies.load(db, study), given)
    if isinstance(given, str):
        try:
            made: Worker = Judge(name=given, **options)
        except ValidationError as error:
            raise click.UsageError(explain(error)) from None
    else:
        made = _read(given, studies.load(db, study))
    if save:
        runs.check_key(made)
        runs.add_worker(db, OPERATOR, study, made)
    return made


def _read(file: TextIO | None, study: studies.Study) -> Worker:
    """The worker that a file describes; every mistake in it is told by line and field."""
    try:
        text = file.read() if file is not None else ""
    except UnicodeDecodeError:
        raise click.UsageError("the file is not UTF-8") from None
    worker, problems = drafts.examine_worker(text, study.protocol.data())
    if worker is None:
        raise click.UsageError("\n".join(problem.line for problem in problems))
    return worker


def _open(
    db: Database, study: str, worker: Worker, retry: bool, budget: Budget, concurrency: int | None
) -> int | None:
    """The run of this worker that is not over: it goes on, at what is given of budget and pace."""
    own = [s for s in runs.listing(db, OPERATOR, study) if s.worker == worker.name]
    if retry and own and own[0].failed:
        runs.retry_failed(db, OPERATOR, own[0].id)
        _go_on(db, runs.status(db, OPERATOR, own[0].id), budget, concurrency)
        return own[0].id
    for status in own:
        _go_on(db, status, budget, concurrency)
        if status.state in runs.OPEN:
            return status.id
    return None


def _go_on(db: Database, status: Status, budget: Budget, concurrency: int | None) -> None:
    """Resume a run if it is paused, with another budget if one is given; take over its new pace."""
    if status.state in runs.OPEN and concurrency is not None:
        runs.set_concurrency(db, OPERATOR, status.id, concurrency)
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


def _tell(status: Status, wait: bool, as_json: bool) -> None:
    answer(asdict(status), "\n".join(lines_of(status)), as_json)
    if wait and (status.state != "done" or status.failed):
        raise SystemExit(UNFINISHED)
