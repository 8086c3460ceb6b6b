"""What every probe family is: a function that varies a unit without changing its answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.registry import Registry
from core.units import Unit


@dataclass(frozen=True, slots=True)
class Probe:
    """A family: `vary(unit, seed)` returns units whose `condition` names the variation."""

    name: str
    title: str
    vary: Callable[[Unit, int], Sequence[Unit]]


probes: Registry[Probe] = Registry("core.probes")
