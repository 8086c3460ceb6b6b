"""The command line: `concord VERB`, or `python -m core.cli VERB`. One file per verb."""

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from core.protocol import ProtocolError
from core.services.access import Denied, Identity
from core.services.store import Behind, Database, open_store
from core.services.studies import NoStudy, Refused

OPERATOR = Identity("operator")
BAD_INPUT, NOT_FOUND, NOT_ALLOWED = 2, 3, 4
EXITS: Mapping[type[Exception], int] = {
    ProtocolError: BAD_INPUT,
    NoStudy: NOT_FOUND,
    Refused: NOT_ALLOWED,
    Behind: NOT_ALLOWED,
    Denied: NOT_ALLOWED,
}


class Verbs(click.Group):
    """The verbs found in this folder, imported when they are asked for.

    Known errors become one clear line on standard error and an exit code: 2 bad input, 3 no such
    study, 4 not allowed. An error class of another module says its code in `exit_code`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb."""
        return sorted(
            m.name.rstrip("_") for m in pkgutil.iter_modules(__path__) if m.name[0] != "_"
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name: the `command` of its file (`import_.py` for `import`).

        Files whose names begin with an underscore are no verbs.
        """
        if cmd_name.startswith("_"):
            return None
        for name in (cmd_name, f"{cmd_name}_"):
            try:
                module = importlib.import_module(f"core.cli.{name}")
            except ModuleNotFoundError as error:
                if error.name == f"core.cli.{name}":
                    continue
                raise
            found: click.Command = module.command
            return found
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; say known errors plainly."""
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except Exception as error:
            code = getattr(error, "exit_code", None) or next(
                (c for kind, c in EXITS.items() if isinstance(error, kind)), None
            )
            if code is None or isinstance(error, click.ClickException):
                raise
            click.echo(f"concord: {error}", err=True)
            ctx.exit(code)


@click.command(cls=Verbs, help=__doc__)
@click.version_option(package_name="concord")
def main() -> None:
    """The entry point."""


def database() -> Database:
    """The database that the environment names, its schema up to date; closed when the verb ends."""
    db = open_store()
    click.get_current_context().call_on_close(db.close)
    return db


def study_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--study NAME`, required."""
    return click.option("--study", required=True, help="Name of the study.")(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`: one JSON object on standard output, with stable keys."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(
        function
    )


def answer(data: Mapping[str, Any], text: str, as_json: bool) -> None:
    """Print the outcome: as JSON, or as text for a person."""
    click.echo(json.dumps(data, ensure_ascii=False, default=str) if as_json else text)


def bar(length: int, label: str) -> Any:
    """A progress bar on standard error; silent where no person watches."""
    return click.progressbar(length=length, label=label, file=sys.stderr)
