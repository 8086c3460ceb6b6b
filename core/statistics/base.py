"""What every statistic is, and what it returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.registry import Registry

About = Literal["pair", "group", "rater", "study", "panel", "values"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with what it takes to believe it.

    `value` is None when the statistic is undefined, and `note` then says why. `low` and `high`
    bound it at `level`; None when no interval can be given, with the reason in `note`. `n` counts
    the units that entered; `coverage` is their share of the units that could have. `method` names
    formula and interval; `detail` holds what a chart or a table shows beside the number.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int = 0
    coverage: float | None = None
    method: str = ""
    note: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def defined(self) -> bool:
        """Whether there is a number."""
        return self.value is not None


@dataclass(frozen=True, repr=False)
class Statistic:
    """A registered function of one analysis table.

    `about` says what it takes after the table: `pair` two raters, `group` the name of a group,
    `rater` one rater, `study` nothing, `panel` several raters. `values` takes answers as they are,
    and their distance, instead of a table. `levels` are the scales that it accepts.
    """

    name: str
    title: str
    about: About
    levels: tuple[str, ...]
    reference: str
    function: Callable[..., Estimate]

    def __call__(self, *args: Any, **options: Any) -> Estimate:
        """The estimate."""
        return self.function(*args, **options)

    def __repr__(self) -> str:
        return f"<statistic {self.function.__module__}.{self.function.__qualname__}>"


statistics: Registry[Statistic] = Registry("core.statistics")
EVERY = ("nominal", "ordinal", "interval")
ORDERED = ("ordinal", "interval")


def statistic(
    name: str, title: str, *, about: About, reference: str, levels: tuple[str, ...] = EVERY
) -> Callable[[Callable[..., Estimate]], Callable[..., Estimate]]:
    """Register a function as a statistic; the function itself stays as it is."""

    def keep(function: Callable[..., Estimate]) -> Callable[..., Estimate]:
        statistics.register(Statistic(name, title, about, levels, reference, function))
        return function

    return keep
