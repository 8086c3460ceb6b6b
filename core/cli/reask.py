"""`concord reask`: ask people anew where a question was reworded after they answered."""

from dataclasses import asdict

import click

from core.cli import OPERATOR, answer, database, json_option, study_option
from core.services import rewording
from core.services.rewording import Asked, Rewordings


@click.command(
    "reask",
    help="Ask people anew where a question was reworded after they answered it. Both answers are "
    "kept; doing it again adds nothing.\n\nExample: concord reask --study demo --dry-run",
)
@study_option
@click.option("--dry-run", is_flag=True, help="Only say how many units it is about.")
@json_option
def command(study: str, dry_run: bool, as_json: bool) -> None:
    """Say how many answers are to an older wording, and ask anew unless it is a trial."""
    db = database()
    found = rewording.outdated(db, OPERATOR, study)
    done = Asked() if dry_run else rewording.ask_anew(db, OPERATOR, study)
    told = {
        "study": study, "questions": [asdict(one) for one in found.questions],
        "to_ask": found.units, "units": done.units, "given": done.given, "opened": done.opened,
    }  # fmt: skip
    answer(told, "\n".join(_lines(found, done, dry_run)), as_json)


def _lines(found: Rewordings, done: Asked, dry_run: bool) -> list[str]:
    """The same for a person."""
    lines = [
        f"{one.question}: {one.units:,} units have {one.answers:,} answers to an older wording "
        f"only; {one.ask:,} can be asked again, {one.waiting:,} wait, {one.others:,} are for others"
        for one in found.questions
    ]
    if not lines:
        return ["every answer is to the present wording of its question"]
    if dry_run:
        return [*lines, "nothing is done; leave out --dry-run to ask again"]
    return [*lines, f"{done.units:,} units are asked again, {done.given:,} times in all; "
            f"{done.opened:,} places were opened to other people"]  # fmt: skip
