"""The study's requests as a graph: who reads and writes what, what it took, what is longest.

Workers are joined by the variables that they write and read: roles of outputs, and the questions
that they answer, which panels read as votes. The critical path is the longest chain by the time
that one unit takes in each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.protocol import StudyProtocol
from core.services import studies
from core.services.access import Identity, require
from core.services.duties import Duties
from core.services.studies import Study
from core.workers.base import Worker
from storage import items, outputs, runs_spent
from storage import runs as run_rows
from storage import studies as study_rows
from storage.database import Database

ITEMS = "item"


@dataclass(frozen=True, slots=True)
class Node:
    """A worker with what its runs took. `seconds` is the mean time of one task's calls.

    `reused` counts answers that came from calls which another run had paid for; `voters` names the
    workers whose answers a panel reads.
    """

    name: str
    kind: str
    reads: Sequence[str]
    writes: Sequence[str]
    tasks: int = 0
    calls: int = 0
    reused: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    seconds: float | None = None
    voters: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in an order in which each finds what it reads, and the longest chain through them.

    `critical` names its workers; `seconds` is how long one unit takes on it, None before any call.
    """

    nodes: Sequence[Node]
    critical: Sequence[str]
    seconds: float | None

    def edges(self) -> list[tuple[str, str, str]]:
        """(writer or `item`, variable, reader) for everything that a worker reads."""
        writers: dict[str, list[str]] = {}
        for node in self.nodes:
            for variable in node.writes:
                writers.setdefault(variable, []).append(node.name)
        found, named = [], {node.name: node for node in self.nodes}
        for node in self.nodes:
            for voter in (named[name] for name in node.voters if name in named):
                found += [(voter.name, v, node.name) for v in voter.writes if v in node.writes]
            for variable in node.reads:
                made = [w for w in writers.get(variable, []) if w != node.name]
                found += [(writer, variable, node.name) for writer in made or [ITEMS]]
        return found


def graph(db: Database, who: Identity, key: str) -> Graph:
    """The graph of a study's workers, with what all their runs took. Raises `NoStudy`."""
    require(who, "run")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        own: dict[str, list[int]] = {}
        for row in run_rows.every(connection, study.id):
            own.setdefault(row.worker.get("digest", ""), []).append(row.id)
        asked = {w.name: _asked(db, connection, study, w) for w in study.protocol.workers}
        spent = {
            w.name: runs_spent.spent(
                connection, own.get(w.digest, []),
                study_rows.rater_key(connection, study.id, w.rater, w.digest),
            )
            for w in study.protocol.workers
        }  # fmt: skip
    nodes = [
        _node(study.protocol, worker, asked[worker.name], spent[worker.name])
        for worker in study.protocol.stages()
    ]
    path, seconds = _longest(nodes)
    return Graph(nodes, path, seconds)


def _asked(
    db: Database, connection: Connection, study: Study, worker: Worker
) -> tuple[str, ...]:  # fmt: skip
    """The questions that a worker answers here: of the units there are, else those it is for.

    Remembered until the study, its units or its outputs change.
    """
    if worker.writes:
        return ()
    mark = (study.version, items.last_position(connection, study.id),
            outputs.last(connection, study.id), worker.planned_by())  # fmt: skip
    known = db.cache.setdefault(("asked", study.id), {})
    if worker.name not in known or known[worker.name][0] != mark:
        found = Duties(connection, study, worker).asked()
        if found is None:
            found = worker.questions or tuple(q.name for q in study.protocol.questions)
        known[worker.name] = (mark, found)
    answered: tuple[str, ...] = known[worker.name][1]
    return answered


def _node(
    protocol: StudyProtocol, worker: Worker, asked: Sequence[str], spent: runs_spent.Spent
) -> Node:
    written = {other.writes for other in protocol.workers if other.writes}
    beside = [role for role in worker.beside() if role in written]
    reads = tuple(dict.fromkeys([*_shown(protocol, worker), *worker.reads, *beside]))
    return Node(
        worker.name, worker.kind, reads, (worker.writes,) if worker.writes else tuple(asked),
        spent.tasks, spent.calls, spent.reused, spent.prompt_tokens, spent.completion_tokens,
        spent.cost, spent.seconds / spent.tasks if spent.tasks and spent.calls else None,
        worker.voters(),
    )  # fmt: skip


def _shown(protocol: StudyProtocol, worker: Worker) -> Sequence[str]:
    """The item's fields, and for who judges units the roles that units are made of."""
    roles = [w.writes for w in protocol.workers if w.writes and protocol.judges(w.writes)]
    return (*protocol.fields, *(() if worker.writes else dict.fromkeys(["answer", *roles])))


def _longest(nodes: Sequence[Node]) -> tuple[list[str], float | None]:
    """The chain with the longest time through nodes that are in order; untimed ones take none."""
    best: dict[str, tuple[float, list[str]]] = {}
    made: dict[str, list[str]] = {}
    for node in nodes:
        needed = [*node.voters, *(w for v in node.reads for w in made.get(v, []))]
        before = [best[w] for w in needed if w in best]
        took, path = max(before, key=lambda one: one[0], default=(0.0, []))
        best[node.name] = (took + (node.seconds or 0.0), [*path, node.name])
        for variable in node.writes:
            made.setdefault(variable, []).append(node.name)
    if not any(node.seconds for node in nodes):
        return [], None
    seconds, path = max(best.values(), key=lambda one: one[0])
    return path, seconds
