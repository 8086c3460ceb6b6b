"""`concord export`: a study into a file."""

import sys
from pathlib import Path

import click

from core.cli import OPERATOR, answer, bar, database, json_option, study_option
from core.exports.base import exports
from core.services import exports as out
from core.services.exports import Choice
from core.units import Invalid


@click.command(
    "export",
    help="""Export a study: tidy judgments (csv), everything (jsonl), or preference pairs for TRL.

\b
Example: concord export --study answers --format csv --out answers.csv

People are numbered (person-1, ...) unless --names is given. Without --out the file is named after
the study. "--out -" writes to standard output.

Exit codes: 0 done, 2 the study has nothing of that kind, 3 no such study, 4 not allowed.
""",
)
@study_option
@click.option("--format", "format_", required=True, type=click.Choice(list(exports)))
@click.option(
    "--out", "target", type=click.Path(path_type=Path), help="File to write ('-': standard output)."
)
@click.option("--names", is_flag=True, help="Keep people's names.")
@click.option("--question", default="", help="preference: the pairwise question (default: first).")
@click.option("--rater", default="", help="preference: this rater decides.")
@json_option
def command(
    study: str, format_: str, target: Path | None, names: bool, question: str, rater: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Export a study."""
    choice = Choice(format_, names, question, rater)
    db = database()
    if target is not None and str(target) == "-":
        with out.opened(db, OPERATOR, study, choice) as material:
            for line in exports[format_].lines(material):
                sys.stdout.write(line)
        return
    path = target or Path(f"{study}-{format_}{exports[format_].suffix}")
    if not path.parent.is_dir():
        raise Invalid("out", f"there is no folder {path.parent}")
    with bar(0, "Exporting") as shown:
        found = out.write(db, OPERATOR, study, choice, path, lambda _: shown.update(1000))
    counts = ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in found.counts.items())
    data = {"path": str(found.path), "bytes": found.size, "counts": dict(found.counts)}
    answer(data, f"{found.path}: {found.size:,} bytes; {counts}", as_json)
