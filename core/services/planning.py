"""What a worker has to do in a study: tasks, what is done before, and what it waits for."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Connection

from core.services import ballots, handed, work_units
from core.services.duties import Duties, Duty
from core.services.studies import Study
from core.workers.base import Worker
from storage import items, runs
from storage import studies as study_rows

Task = tuple[int, int, str]


@dataclass(frozen=True)
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

    @cached_property
    def work(self) -> int:
        """How many tasks ask for an answer: the number of calls, for a model."""
        return sum(not reason for _, _, reason in self.tasks)

    @cached_property
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
    tasks: list[Task] = []
    turns, turn = list[int](), dict[int, int]()  # requests about one item follow each other
    done, units, duties = 0, 0, Duties(connection, study, worker)
    repeats = worker.repeats()
    lists, waits = handed.present(connection, study, worker), Counter[str]()
    names = {own: key for key, own in items.item_ids(connection, study.id).items()} if lists else {}
    for row in duties.units():
        if limit is not None and units >= limit:
            break
        if among is not None and row.id not in among:
            continue
        duty = duties.of(row)
        if not duty.fits:
            continue
        role = lists and handed.awaited(study, names[row.item], duties.values("fact", row), lists)
        if role:
            waits[role] += 1
            continue
        todo = list(_tasks(row.id, duty, repeats, judged))
        done += 0 if duty.reason else repeats - len(todo)
        units += bool(todo) and not duty.reason
        tasks += todo
        turns += [turn.setdefault(row.item, len(turn))] * len(todo)
    ordered = [tasks[n] for n in sorted(range(len(tasks)), key=turns.__getitem__)]
    return Plan(ordered, done, waits, outdated=len(late))


def _tasks(
    unit_id: int, duty: Duty, repeats: int, judged: set[tuple[int, int, int]]
) -> Iterator[Task]:
    """What is left of a unit's tasks: those that the rater has not answered already."""
    if duty.reason:
        yield unit_id, 0, duty.reason
    elif duty.asked:
        for repeat in range(repeats):
            if not judged or any((unit_id, q, repeat) not in judged for q in duty.asked):
                yield unit_id, repeat, ""


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
