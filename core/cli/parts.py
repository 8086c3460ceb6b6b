"""`concord parts`: every registered part."""

import click

from core.cli import answer, json_option
from core.services import parts


@click.command(
    "parts", help="List every registered part by folder and name.\n\nExample: concord parts --json"
)
@json_option
def command(as_json: bool) -> None:
    """List the parts."""
    found = parts.listing()
    lines = [f"{folder}: {', '.join(names) or '(none yet)'}" for folder, names in found.items()]
    answer(found, "\n".join(lines), as_json)
