"""What a worker has to do in a study: tasks, what is done before, and what it waits for."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.services import ballots, handed, material, work_units
from core.services.studies import Study
from core.units import Unit
from core.workers.base import CannotAnswer, Worker
from storage import runs
from storage import studies as study_rows

Task = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: tasks (unit id, repeat, reason to pass it by or ''), and what is done.

    `judged` counts tasks that this rater has done before; they are not planned again. `waits`
    counts what it cannot work on yet, by the role of the output that is missing. A unit that is
    made when the run starts has an id below 0, and stands in `unmade` with its item and outputs.
    `outdated` counts decisions of a panel that are older than their votes: they are made anew.
    """

    tasks: Sequence[Task]
    judged: int
    waits: Mapping[str, int] = field(default_factory=dict)
    unmade: Mapping[int, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    outdated: int = 0

    @property
    def work(self) -> int:
        """How many tasks ask for an answer: the number of calls, for a model."""
        return sum(not reason for _, _, reason in self.tasks)

    @property
    def passed_by(self) -> Mapping[str, int]:
        """Reasons for which units are passed by, and how often."""
        return Counter(reason for _, _, reason in self.tasks if reason)


def planned_for(
    connection: Connection, study: Study, worker: Worker, limit: int | None, fresh: bool, *,
    make: bool = False, among: Collection[int] | None = None,
) -> Plan:  # fmt: skip
    """What the worker has still to do; with `make` the units that only it is given are made.

    `among` keeps it to those units, of a worker that judges what people see.
    """
    if worker.scope() != "unit":
        own = work_units.plan(connection, study, worker, limit, fresh, make=make)
        return Plan(own.tasks, own.done, own.waits, own.unmade)
    rater = study_rows.rater_key(connection, study.id, worker.rater, worker.digest)
    known = runs.standing(connection, rater) if rater is not None and not fresh else {}
    judged = {place for place, (_, _, withdrawn) in known.items() if not withdrawn}
    late = ballots.changed(connection, study, worker, known) if worker.voters() else set()
    judged -= late
    tasks: dict[str, list[Task]] = {}  # by item: requests that begin alike follow each other
    done, units = 0, 0
    lists, waits = handed.present(connection, study, worker), Counter[str]()
    for unit_id, unit in material.outlines(connection, study):
        if limit is not None and units >= limit:
            break
        if among is not None and unit_id not in among:
            continue
        role = handed.awaited(study, unit, lists) if unit.only(worker.only) else ""
        if role:
            waits[role] += 1
            continue
        every = list(_tasks(study, worker, unit_id, unit, judged))
        todo = [task for task in every if task is not None]
        done += len(every) - len(todo)
        units += any(not reason for _, _, reason in todo)
        tasks.setdefault(unit.item, []).extend(todo)
    return Plan([t for own in tasks.values() for t in own], done, waits, outdated=len(late))


def _tasks(
    study: Study, worker: Worker, unit_id: int, unit: Unit, judged: set[tuple[int, int, int]]
) -> Iterator[Task | None]:
    """A unit's tasks; None for each that the rater has answered already."""
    if not unit.only(worker.only):
        return
    try:
        asked = [study.wording(question) for question in worker.asked(unit)]
    except CannotAnswer as reason:
        yield unit_id, 0, str(reason)
        return
    for repeat in range(worker.repeats()):
        answered = all((unit_id, question, repeat) in judged for question in asked)
        yield None if answered else (unit_id, repeat, "")


def nothing(study: Study, worker: Worker, planned: Plan) -> str:
    """Why there is nothing to do."""
    if planned.judged:
        did = "judged every unit it can; ask anew to judge them" if worker.scope() == "unit" else (
            "done all that there is for it; ask anew to do it"
        )  # fmt: skip
        return f"{worker.name} (this prompt, model and settings, under any name) has {did} again"
    if planned.waits:
        return f"{worker.name} has nothing to work on yet: {'; '.join(waiting(study, planned))}"
    reasons = "; ".join(f"{n} units: {why}" for why, n in planned.passed_by.items())
    return f"{worker.name} has nothing to judge here ({reasons or 'the study has no units'})"


def waiting(study: Study, planned: Plan) -> list[str]:
    """What a worker waits for, in words: which role is missing, how often, and who writes it."""
    found = []
    for role, count in planned.waits.items():
        writers = [w.name for w in study.protocol.workers if w.writes == role]
        who = f"which {' and '.join(writers)} writes" if writers else "which no worker here writes"
        found.append(f"{count:,} {'wait' if count != 1 else 'waits'} for the role {role}, {who}")
    return found
