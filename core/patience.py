"""How often a call is tried, and how long one waits in between."""

import random
from dataclasses import dataclass

LONGEST = 120.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is tried. `tries` for errors of the endpoint, `asks` for invalid replies."""

    tries: int = 5
    refusals: int = 8
    connects: int = 3
    asks: int = 3
    first_wait: float = 0.5

    def allows(self, kind: str) -> int:
        """How often a request is sent that fails in this way."""
        limits = {
            "rate_limited": self.refusals, "endpoint_down": self.connects,
            "server_error": self.tries, "broken_reply": self.connects, "timeout": self.connects,
        }  # fmt: skip
        return limits.get(kind, 1)

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures, by chance between half and the whole."""
        longest = min(30.0, self.first_wait * 2.0 ** (failures - 1))
        return longest * (0.5 + random.random() / 2)  # noqa: S311


PATIENT = Patience()
