"""What every statistic returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
