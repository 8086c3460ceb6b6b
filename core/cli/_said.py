"""What runs, dry runs and probes come to, as verbs print it."""

from dataclasses import asdict
from typing import Any

import click

from core.calls import CallFailed
from core.capabilities import NAMES
from core.cli import OPERATOR, answer
from core.services import capabilities, forecast
from core.services.budget import UNITS
from core.services.dry_run import dry_run as dry_run_of
from core.services.progress import Status
from core.services.store import Database
from core.workers.base import Worker


def look(db: Database, study: str, worker: Worker, as_json: bool, **options: Any) -> None:
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


def probe(db: Database, study: str, worker: Worker, as_json: bool) -> None:
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


def _latency(status: Status) -> list[str]:
    """How long replies take, of a run that has a target."""
    if status.latency is None:
        return []
    mean, high, n = status.latency
    return [
        f"replies: mean {mean:.2f} s, 95th percentile {high:.2f} s of the latest {n}; target: "
        f"{status.target_of} of at most {status.target:g} s"
    ]


def lines_of(status: Status) -> list[str]:
    """What a run has come to, in words."""
    batched = ", in batches" if status.lane == "batch" else ""
    lines = [
        f"run {status.id} ({status.worker}): {status.state}{batched}; "
        f"{status.done} of {status.total} done, {status.failed} failed, "
        f"{status.skipped} passed by, {status.waiting} waiting",
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
