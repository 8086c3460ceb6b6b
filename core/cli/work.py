"""`concord work`: a runner."""

import asyncio

import click

from core.cli import OPERATOR, database
from core.garbage import collected_seldom
from core.services import runner


@click.command(
    "work",
    help="Work on the runs that have something to do, until stopped.\n\n"
    "Any number of these may run at once, on several machines too.\n\n"
    "Example: concord work --once",
)
@click.option("--once", is_flag=True, help="Leave when nothing is left to do.")
@click.option("--idle", type=float, default=None, help="Leave after so many seconds without work.")
def command(once: bool, idle: float | None) -> None:
    """Serve runs."""
    db = database()
    try:
        with collected_seldom():
            asyncio.run(runner.serve(db, OPERATOR, once=once, idle=idle))
    except KeyboardInterrupt:
        click.echo("Stopped; another runner takes over what was under way.", err=True)
    finally:
        db.close()
