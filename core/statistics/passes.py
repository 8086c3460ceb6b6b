"""pass@k: how often at least one of k samples of a program passes its tests."""

import math
from collections.abc import Mapping
from dataclasses import replace

from core.statistics.base import Estimate
from core.statistics.means import over_items


def pass_at_k(samples: int, right: int, k: int) -> float:
    """The chance that k samples, drawn without replacement out of `samples`, hold a right one.

    The unbiased estimator 1 - C(n-c, k) / C(n, k) of Chen et al. (2021). Raises ValueError when
    there are fewer than k samples: then it has no unbiased estimator.

    >>> round(pass_at_k(10, 3, 5), 6), pass_at_k(5, 0, 5), pass_at_k(5, 1, 5)
    (0.916667, 0.0, 1.0)
    """
    if not 1 <= k <= samples or not 0 <= right <= samples:
        raise ValueError(f"pass@{k} takes at least {k} samples; here are {samples}")
    if samples - right < k:
        return 1.0
    return 1.0 - math.comb(samples - right, k) / math.comb(samples, k)


def pass_rate(counts: Mapping[str, tuple[int, int]], k: int, *, level: float = 0.95) -> Estimate:
    """The mean pass@k over items; `counts` holds samples and right ones by item.

    Items with fewer than k samples are left out, and coverage says so. Where every item's value is
    0 or 1 the interval is Wilson's; else it is Student's t over items, not given below 20 items.
    """
    values = {item: [pass_at_k(n, c, k)] for item, (n, c) in counts.items() if n >= k}
    found = over_items(f"pass@{k}", values, of=len(counts), level=level, bounds=(0.0, 1.0))
    if not found.defined:
        note = f"undefined: no item has {k} samples" if counts else "undefined: nothing was run"
        return replace(found, note=note)
    return replace(found, method=f"unbiased estimator, {found.method}")
