"""Storing the outputs that workers draft: under natural keys, so that twice is once."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from core.digest import canonical, digest
from core.units import Draft
from core.workers.base import Worker
from storage import outputs

if TYPE_CHECKING:
    from core.services.outcomes import Finished


MARK = 8


class Misplaced(ValueError):
    """A draft of an output without content, with a key twice, or with facts that are no data."""


def store(
    connection: Connection, study: int, worker: Worker, rater: int, run: int, fresh: bool,
    done: Sequence["Finished"],
) -> None:  # fmt: skip
    """Store the outputs among the drafts of these tasks; those that are stored already stay."""
    tasks = [task for task in done if any(draft.role for draft in task.drafts)]
    if not tasks:
        return
    items = outputs.items_of(connection, [task.unit_id for task in tasks])
    mark = str(run) if fresh else ""
    rows = [
        (up, {**_row(worker, draft), "item": items[task.unit_id], "key": key, "rater": rater,
              "run": run})
        for task in tasks for key, up, draft in _placed(worker, task, mark)
    ]  # fmt: skip
    outputs.add_tree(connection, study, rows)


def _placed(worker: Worker, task: "Finished", mark: str) -> Iterator[tuple[str, str, Draft]]:
    """Each drafted output with its key and the key of what it hangs on ('' for nothing)."""
    earlier: dict[str, str] = {}
    for draft in task.drafts:
        if draft.role:
            key = output_key(worker, task.unit.key, task.repeat, draft, mark)
            if key in earlier.values():
                raise Misplaced(f"two outputs of one task have the key {draft.key!r}")
            yield key, earlier.get(draft.parent, draft.parent), draft
            earlier[draft.key or key] = key


def output_key(worker: Worker, unit: str, repeat: int, draft: Draft, mark: str = "") -> str:
    """The key of a drafted output: the same whenever the same worker drafts it again.

    It ends with the mark of its task and eight digits of its own. `mark` tells apart what a run
    wants anew.
    """
    task = task_mark(worker, unit, repeat, mark)
    own = digest([task, draft.key, draft.role])[:MARK]
    return f"{re.sub('[^a-z0-9]+', '-', draft.role.lower()).strip('-')}-{task}{own}"


def task_mark(worker: Worker, unit: str, repeat: int, mark: str = "") -> str:
    """What the keys of all outputs of one task have in common."""
    return digest([worker.digest, unit, repeat, mark])[:MARK]


def tasks_in(keys: Iterable[str]) -> set[str]:
    """The marks of the tasks that outputs with these keys may have come from."""
    return {key.rpartition("-")[2][:MARK] for key in keys}


def _row(worker: Worker, draft: Draft) -> dict[str, Any]:
    if draft.content is None:
        raise Misplaced(f"the output {draft.role!r} has no content")
    content: Mapping[str, Any] = draft.content.stored()
    if draft.facts:
        try:
            canonical(dict(draft.facts))
        except (TypeError, ValueError) as error:
            raise Misplaced(f"the facts of the output {draft.role!r}: {error}") from None
        content = {**content, "facts": dict(draft.facts)}
    source = draft.source or str(getattr(worker, "model", "")) or worker.name
    return {"role": draft.role, "source": source, "content": content}
