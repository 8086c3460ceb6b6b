"""`concord demo`: the study that ships."""

from dataclasses import asdict

import click

from core.cli import answer, database, json_option
from core.services import demo


@click.command(
    "demo",
    help="Load the demo study and let its offline raters judge it.\n\n"
    "Loading again adds nothing. Example: concord demo",
)
@json_option
def command(as_json: bool) -> None:
    """Load the demo study."""
    found = demo.load(database())
    text = (
        f"study {found.study!r}: {found.items} items, {found.units} units, "
        f"{found.judgments} judgments ({found.added} new)"
    )
    answer(asdict(found), text, as_json)
