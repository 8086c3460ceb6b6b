"""`concord ask`: questions over a study's own data."""

from typing import Any

import click
from pydantic import ValidationError

from core.cli import OPERATOR, answer, database, json_option, study_option
from core.protocol import explain
from core.query import Found
from core.services import asking, studies
from core.services.store import Database
from core.workers.ask import Ask, seen


@click.command(
    "ask",
    help="Answer a question over a study's own data: a model writes a query that only reads, "
    "it is run on a copy in memory, and the rows are put into words. With --sql the query is "
    "your own and no model is asked; without a question the tables are described.\n\n"
    "Example: concord ask --study demo --sql 'SELECT rater, count(*) FROM answers GROUP BY 1'",
)
@click.argument("question", required=False)
@study_option
@click.option("--worker", help="A worker of the study that can be asked; the first, unless named.")
@click.option("--base-url", help="Address of an OpenAI-compatible endpoint, without a worker.")
@click.option("--model", help="Name of the model there.")
@click.option("--key", default="", help="NAME of the variable or secret that holds the key.")
@click.option("--sql", help="A query of your own: one SELECT.")
@json_option
def command(
    question: str | None, study: str, worker: str | None, base_url: str | None,
    model: str | None, key: str, sql: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Ask, or describe what can be asked."""
    db = database()
    try:
        if sql:
            found = asking.query(db, OPERATOR, study, sql)
            answer(found.data(), _rows(found), as_json)
        elif question:
            place = {"base_url": base_url, "model": model, "key": key}
            made = _asker(db, study, worker, {k: v for k, v in place.items() if v})
            told = asking.ask(db, OPERATOR, study, made, question)
            answer(told.data(), f"{told.words}\n\n{told.found.sql}\n\n{_rows(told.found)}", as_json)
        else:
            words = asking.described(db, OPERATOR, study)
            answer({"tables": words}, words, as_json)
    finally:
        db.close()


def _asker(db: Database, key: str, name: str | None, place: dict[str, Any]) -> Ask:
    if place:
        try:
            return Ask(name=name or "asker", **place)
        except ValidationError as error:
            raise click.BadParameter(explain(error)) from None
    known = {worker.name: worker for worker in asking.askers(studies.load(db, key))}
    if not known:
        raise click.UsageError(
            "the study has no worker of kind ask; name an endpoint with --base-url and --model, "
            "or write the query yourself with --sql"
        )
    if name is not None and name not in known:
        raise click.UsageError(f"no worker is called {name!r}; there are: {', '.join(known)}")
    return known[name] if name is not None else next(iter(known.values()))


def _rows(found: Found) -> str:
    return seen(found) if found.rows else "no rows"
