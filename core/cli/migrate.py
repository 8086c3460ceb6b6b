"""`concord migrate`: bring the database's schema up to date."""

import click

from core.cli import OPERATOR, answer, json_option
from core.services import store


@click.command("migrate")
@click.option("--check", is_flag=True, help="Also compare every table with the code; 1 if unlike.")
@json_option
def command(check: bool, as_json: bool) -> None:
    """Bring the database's schema up to date, and say from what to what.

    Takes the database from DATABASE_URL, else data/concord.db.

    Example: concord migrate
    """
    db = store.connect()
    click.get_current_context().call_on_close(db.close)
    before, after = store.upgrade(db, OPERATOR)
    unlike = store.differences(db) if check else []
    moved = f"Schema {before or '(empty)'} -> {after}." if before != after else f"Schema {after}."
    lines = [moved, *(f"Differs from the code: {one}" for one in unlike)]
    data = {"from": before, "to": after, "differences": unlike}
    answer(data, "\n".join(lines), as_json)
    if unlike:
        raise SystemExit(1)
