"""`concord verify`: walk the chain of a study's log."""

from dataclasses import asdict

import click

from core.cli import OPERATOR, answer, bar, database, json_option
from core.services import verify
from core.services.verify import Verdict


@click.command("verify")
@click.option("--study", help="Name of the study.")
@click.option("--all", "every", is_flag=True, help="Every study.")
@json_option
def command(study: str | None, every: bool, as_json: bool) -> None:
    """Walk a study's log, and name the first row that was altered, removed or inserted.

    Ends with 1 when a log does not hold.

    Example: concord verify --study demo
    """
    if (study is None) != every:
        raise click.UsageError("name one study with --study, or give --all")
    db = database()
    found = [_check(db, name) for name in (verify.names(db, OPERATOR) if every else [str(study)])]
    whole = all(verdict.whole for verdict in found)
    rows = [{**asdict(verdict), "whole": verdict.whole} for verdict in found]
    text = "\n".join(map(_words, found)) or "There is no study yet."
    answer({"whole": whole, "studies": rows}, text, as_json)
    if not whole:
        raise SystemExit(1)


def _check(db: verify.Database, name: str) -> Verdict:
    with bar(verify.length(db, OPERATOR, name), name) as progress:
        return verify.check(db, OPERATOR, name, progress.update)


def _words(verdict: Verdict) -> str:
    if verdict.whole:
        return f"{verdict.study}: all {verdict.rows} rows hold."
    return f"{verdict.study}: row #{verdict.row} does not hold: {verdict.reason}."
