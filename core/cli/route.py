"""`concord route`: which units people, a jury or a single judge should answer."""

from dataclasses import asdict

import click

from core.cli import OPERATOR, answer, database, json_option, study_option
from core.cli.run import UNFINISHED, work_on
from core.services import routed, routing, runner_process, runs
from core.services.progress import Status
from core.services.routing import JUDGE, JURY, PEOPLE, WAYS, Routing
from core.services.store import Database

FIELDS = ("study", "question", "label", "judge", "jury", "costs", "budget", "seed", "way", "known",
          "judged")  # fmt: skip


@click.command(
    "route",
    help="Plan which units people and a jury should see beside a judge that has answered all of "
    "them, for the narrowest interval that a budget buys. Nothing is done without --apply.\n\n"
    "Exit code 5: runs of the jury are paused, or some of their tasks failed.\n\n"
    "Example: concord route --study demo --judge small --jury large --jury other --budget 100 "
    "--people-cost 0.5 --jury-cost 0.01",
)
@study_option
@click.option("--judge", default="", help="The rater that has judged every unit.")
@click.option("--jury", multiple=True, help="A member of the jury; give it once for each.")
@click.option("--budget", type=float, help="Money for people and the jury.")
@click.option("--people-cost", type=float, default=1.0, show_default=True,
              help="What one person's answer costs.")  # fmt: skip
@click.option("--jury-cost", type=float, default=0.01, show_default=True,
              help="What one answer of the whole jury costs.")  # fmt: skip
@click.option("--question", help="The question; the first with codes, unless named.")
@click.option("--label", default="", help="The answer whose share is estimated; the first.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draw.")
@click.option("--way", type=click.Choice(WAYS), help="The way to spend; the narrowest, else.")
@click.option("--apply", "carry_out", is_flag=True, help="Do what the plan says.")
@click.option("--result", is_flag=True, help="What the newest plan applied has come to.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=16, show_default=True)
@click.option("--wait/--no-wait", default=True, help="With --apply: let the jury work here.")
@json_option
def command(
    study: str, judge: str, jury: tuple[str, ...], budget: float | None, people_cost: float,
    jury_cost: float, question: str | None, label: str, seed: int, way: str | None,
    carry_out: bool, result: bool, concurrency: int, wait: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show the plan, and with --apply do what it says; with --result what it has come to."""
    if not result and not (judge and budget is not None):
        raise click.UsageError("--judge and --budget are needed to plan; --result needs neither")
    db = database()
    try:
        if result or budget is None:
            found_so_far = routed.outcome(db, OPERATOR, study, question)
            answer({"outcome": found_so_far and asdict(found_so_far)},
                   _result(found_so_far), as_json)  # fmt: skip
            return
        found = routing.plan(
            db, OPERATOR, study, judge=judge, jury=jury, budget=budget, question=question,
            label=label, seed=seed, way=way or "", costs={PEOPLE: people_cost, JURY: jury_cost},
        )  # fmt: skip
        told = {
            **{name: getattr(found, name) for name in FIELDS},
            "options": [asdict(option) for option in found.options],
            "routes": routing.by_key(db, OPERATOR, found),
        }
        done = _carried_out(db, found, concurrency, wait) if carry_out else []
        told |= {"applied": carry_out, "runs": [{"run": s.id, "state": s.state} for s in done]}
        answer(told, "\n".join(_lines(found, carry_out, done)), as_json)
        if wait and any(status.state != "done" or status.failed for status in done):
            raise SystemExit(UNFINISHED)
    finally:
        db.close()


def _carried_out(db: Database, found: Routing, concurrency: int, wait: bool) -> list[Status]:
    """The jury's runs, as they are afterwards."""
    started = routing.apply(db, OPERATOR, found, concurrency=concurrency)
    if not wait:
        runner_process.ensure(db)
    for run in started if wait else []:
        work_on(db, run)
    return [runs.status(db, OPERATOR, run) for run in started]


def _result(found: routed.Outcome | None) -> str:
    """What a plan has come to, in words."""
    if found is None:
        return "no plan was applied to this question: plan one, and apply it with --apply"
    drawn = f"{found.people[1]:,} of {found.people[0]:,} units answered by people"
    if found.jury[0]:
        drawn += f", {found.jury[1]:,} of {found.jury[0]:,} by the jury"
    said = found.note
    if found.value is not None and found.low is not None and found.high is not None:
        half = (found.high - found.low) / 2
        said = (
            f"{found.value:.4f} [{found.low:.4f}, {found.high:.4f}], half {half:.4f}; the plan "
            f"promised {found.promised:.4f}" + (f"; {found.note}" if found.note else "")
        )
    return (f"the share of units answered {found.label} to {found.question}, by {found.way}: {said}"
            f"\n{drawn}; drawn for {found.spent:,.4f} of {found.budget:,.4f}")  # fmt: skip


def _lines(found: Routing, carried_out: bool, done: list[Status]) -> list[str]:
    """The plan in words, and what was done."""
    basis = f"{found.known:,} units with people's answers"
    if found.known < 10:
        basis = f"votes alone, as only {found.known:,} units have people's answers"
    lines = [
        f"the share of units answered {found.label} to {found.question}; the spreads are from "
        + basis,
        *(f"{one.name}: costs {one.cost:,.4f}, half an interval {one.half_width:.4f}"
          for one in found.options),
        f"by {found.way}: {found.count(PEOPLE):,} units to people, {found.count(JURY):,} to the "
        f"jury, {found.count(JUDGE):,} to {found.judge} alone",
    ]  # fmt: skip
    if found.unjudged:
        lines.append(found.unjudged)
    if not carried_out:
        return [*lines, "nothing is done yet; --apply does it"]
    lines.append("done: people are given the units drawn for them and no others")
    return lines + [f"run {s.id} ({s.worker}): {s.state}, {s.done} of {s.total} done" for s in done]
