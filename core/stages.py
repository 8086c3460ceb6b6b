"""The order in which workers follow each other: from what each reads and what it writes."""

from collections.abc import Callable, Sequence
from graphlib import CycleError, TopologicalSorter

from core.workers.base import Worker


class Circle(ValueError):
    """Workers that wait for each other; the message names them and what to change."""


def needs(worker: Worker, others: Sequence[Worker], judged: Callable[[str], bool]) -> list[str]:
    """The names of the workers whose work this one needs.

    Those that write a role that it reads or is given beside, or whose votes it reads; and, when it
    works on the units that people see, those that write a role that is judged.
    """
    reads = {*worker.reads, *worker.beside()}
    sees = worker.scope() == "unit"
    votes = set(worker.voters())
    return [
        other.name for other in others
        if (other.writes and (other.writes in reads or (sees and judged(other.writes))))
        or (other.name in votes and other.name != worker.name)
    ]  # fmt: skip


def in_order(workers: Sequence[Worker], judged: Callable[[str], bool]) -> tuple[Worker, ...]:
    """The workers, each after those that it needs, else as they were given; raises `Circle`."""
    named = {worker.name: worker for worker in workers}
    places = {name: place for place, name in enumerate(named)}
    sorter = TopologicalSorter({w.name: needs(w, workers, judged) for w in workers})
    try:
        sorter.prepare()
    except CycleError as error:
        raise Circle(_said([named[name] for name in error.args[1][:-1]])) from None
    found: list[Worker] = []
    ready = list(sorter.get_ready())
    while ready:
        ready.sort(key=places.__getitem__)
        name = ready.pop(0)
        found.append(named[name])
        sorter.done(name)
        ready += sorter.get_ready()
    return tuple(found)


def _said(circle: Sequence[Worker]) -> str:
    if len(circle) == 1:
        one = circle[0]
        return (
            f"worker {one.name!r} works from what it writes itself ({one.writes!r}), so it would "
            "never be done; give what it writes a role of its own"
        )
    names = ", ".join(repr(worker.name) for worker in circle)
    roles = ", ".join(sorted({repr(worker.writes) for worker in circle if worker.writes}))
    return (
        f"the workers {names} wait for each other; give what one of them writes ({roles}) a role "
        "of its own, such as 'answer 2'"
    )
