"""`concord measure`: what workers made, measured."""

import click

from core.cli import OPERATOR, answer, database, json_option, study_option
from core.services import critique_effects, move_words
from core.services.measures import Measure, measures


@click.command(
    "measure",
    help="Print what is known of the outputs that workers made: the facts beside them as means "
    "over items, pass@k of tests, success after k turns and what feedback adds.\n\n"
    "Example: concord measure --study demo --worker tests",
)
@study_option
@click.option("--worker", help="Only what this worker made.")
@json_option
def command(study: str, worker: str | None, as_json: bool) -> None:
    """Print the numbers."""
    db = database()
    try:
        found = [m for m in measures(db, OPERATOR, study) if worker in (None, m.worker)]
        moved = [] if worker else critique_effects.followed(db, OPERATOR, study)
    finally:
        db.close()
    said = [*(_line(one) for one in found), *(move_words.followed_line(one) for one in moved)]
    text = "\n".join(said) or "no worker has made an output with facts"
    data = {"study": study, "measures": [one.row() for one in found],
            "critiques": critique_effects.flat(moved)}  # fmt: skip
    answer(data, text, as_json)


def _line(one: Measure) -> str:
    found, about = one.estimate, f" of {one.maker}" if one.maker else ""
    head = f"{one.worker}, {one.role}{about}: {one.name}"
    if found.value is None:
        return f"{head} {found.note}"
    bounds = "" if found.low is None else f" [{found.low:.4f}, {found.high:.4f}]"
    return f"{head} {found.value:.4f}{bounds}, n = {found.n}" + (
        f"; {found.note}" * bool(found.note)
    )
