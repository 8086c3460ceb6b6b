"""`concord import`: files into a study."""

import json
from pathlib import Path
from typing import Any

import click

from core.cli import OPERATOR, answer, bar, database, json_option
from core.imports.base import File, ImportFailed
from core.imports.mapping import Mapped, MappingError, from_yaml
from core.services import studies, transfer
from core.services.transfer import Preview


@click.command(
    "import",
    help="""Import items and judgments from FILES, all or nothing.

\b
Example: concord import pairs.csv votes.csv --mapping mapping.yaml --study answers

The mapping says which column is what; without one, a file that Concord exported (jsonl) is
read as it is. The study is made when it does not exist and the mapping describes one.
--guess prints a first mapping for the files and imports nothing.

Exit codes: 0 done, 2 something is wrong in a file or the mapping, 3 no such study, 4 not allowed.
""",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), help="YAML file: which column is what.")
@click.option("--study", help="Name of the study (default: the one that the mapping describes).")
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--guess", is_flag=True, help="Print a first mapping (into --study) and stop.")
@json_option
def command(
    files: tuple[Path, ...], mapping: Path | None, study: str | None, dry_run: bool, guess: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Import files."""
    found = [File(path.name, path) for path in files]
    if guess:
        into = studies.load(database(), study).protocol if study else None
        first, said = transfer.guess_mapping(found, into)
        text = "".join(f"# {line}\n" for line in said) + first.to_yaml()
        answer({"mapping": first.model_dump(mode="json", exclude_defaults=True)}, text, as_json)
        return
    plan = _mapping(mapping)
    try:
        if dry_run:
            _dry(transfer.preview(database(), OPERATOR, found, plan, study), as_json)
        else:
            _run(found, plan, study, as_json)
    except ImportFailed as error:
        if as_json:
            click.echo(_json({"problems": [p.data() for p in error.problems]}))
        raise


def _mapping(path: Path | None) -> Mapped | None:
    if path is None:
        return None
    try:
        return from_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"the mapping {path} cannot be read: {error}") from None


def _dry(found: Preview, as_json: bool) -> None:
    if found.problems:
        raise ImportFailed(found.problems)
    data = {
        "items": found.items, "new_items": found.new_items, "judgments": found.judgments,
        "new_judgments": found.new_judgments, "missing": dict(found.missing),
        "raters": dict(found.raters), "written": False,
    }  # fmt: skip
    lines = [
        f"would add {found.new_items} of {found.items} items "
        f"and {found.new_judgments} of {found.judgments} judgments; nothing was written",
        *(f"  {rater}: {count}" for rater, count in found.raters.items()),
        *(f"  missing in {column}: {count}" for column, count in found.missing.items()),
    ]
    answer(data, "\n".join(lines), as_json)


def _run(files: list[File], plan: Mapped | None, study: str | None, as_json: bool) -> None:
    with bar(1, "Importing") as shown:

        def tell(done: int, total: int) -> None:
            shown.length = max(total, 1)
            shown.update(done - shown.pos)

        found = transfer.run_import(database(), OPERATOR, files, plan, study, tell)
    data = {
        "study": found.study, "created": found.created, "items": found.items,
        "new_items": found.new_items, "units": found.units, "judgments": found.judgments,
        "new_judgments": found.new_judgments, "missing": dict(found.missing),
        "raters": dict(found.raters),
    }  # fmt: skip
    answer(data, found.words(), as_json)


def _json(data: Any) -> str:

    return json.dumps(data, ensure_ascii=False)
