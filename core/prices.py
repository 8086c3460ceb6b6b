"""What calls cost and how fast a machine of one's own can be."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field


class Price(BaseModel):
    """One row of the price table: a model, at one endpoint or at any ('').

    Prices are per million tokens in the person's own currency; `batch` is the share of them that
    the batch lane costs. For a machine of one's own: billions of parameters, bytes that each takes
    up, memory bandwidth in GB/s and peak TFLOPS; with these a time can be given before the first
    call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str = Field(min_length=1, max_length=200)
    base_url: str = ""
    prompt: float | None = Field(default=None, ge=0)
    completion: float | None = Field(default=None, ge=0)
    batch: float = Field(default=0.5, gt=0, le=1)
    parameters: float | None = Field(default=None, gt=0)
    bytes_per_parameter: float = Field(default=2.0, gt=0)
    bandwidth: float | None = Field(default=None, gt=0)
    tflops: float | None = Field(default=None, gt=0)

    @property
    def roofline(self) -> "Roofline | None":
        """The machine's limits, when all that they need is known."""
        if self.parameters is None or self.bandwidth is None or self.tflops is None:
            return None
        return Roofline(
            self.parameters * 1e9, self.bytes_per_parameter, self.bandwidth * 1e9,
            self.tflops * 1e12,
        )  # fmt: skip


class PriceTable(BaseModel):
    """The prices that a person has entered."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    prices: Sequence[Price] = ()

    def find(self, base_url: str, model: str) -> Price | None:
        """The row of this model at this endpoint, else its row for any endpoint, else None."""
        own = [row for row in self.prices if row.model == model]
        for place in (base_url.rstrip("/"), ""):
            for row in own:
                if row.base_url.rstrip("/") == place:
                    return row
        return None


@dataclass(frozen=True, slots=True)
class Roofline:
    """A machine with a dense model on it, all figures in units of one: FLOP/s and bytes/s.

    Performance is min(peak, intensity x bandwidth), intensity being operations per byte moved
    (Williams, Waterman, Patterson 2009). A token takes 2 operations per parameter; a step moves all
    parameters once. Attention over the context and its cache are left out, so times are at best.
    """

    parameters: float
    bytes_per_parameter: float
    bandwidth: float
    peak: float

    @property
    def turning_point(self) -> float:
        """The intensity from which on the machine is bound by its arithmetic, not its memory."""
        return self.peak / self.bandwidth

    def performance(self, tokens: float) -> float:
        """Operations a second of a step that works on so many tokens at once."""
        intensity = 2 * tokens / self.bytes_per_parameter
        return min(self.peak, intensity * self.bandwidth)

    def step(self, tokens: float) -> float:
        """Seconds of a step that works on so many tokens at once."""
        return 2 * self.parameters * tokens / self.performance(tokens)

    def seconds(self, calls: float, prompt: float, completion: float, at_once: int) -> float:
        """Seconds at best for so many calls of that many prompt and reply tokens each."""
        together = max(1.0, min(calls, at_once))
        reading = calls * self.step(max(1.0, prompt))
        return reading + calls / together * completion * self.step(together)
