"""Checklist scores: over all items, and over whole responses."""

import numpy as np
import pytest

from core.statistics.checklists import micro_score, wholly_met


def test_the_micro_score_weighs_long_lists_more():
    found = micro_score([8, 1], [8, 2])
    assert found.value == pytest.approx(0.9) and found.detail["mean_pass_rate"] == 0.75
    assert "no interval" in found.note
    assert micro_score([], []).value is None and wholly_met([], []).value is None


def test_its_interval_covers():
    """Responses differ in difficulty, so their items hang together."""
    chance, inside = np.random.default_rng(2), 0
    for _ in range(400):
        items = chance.integers(2, 9, 60)
        met = chance.binomial(items, chance.beta(4, 2, 60))
        found = micro_score(met, items)
        inside += found.low <= 4 / 6 <= found.high
    assert 0.91 <= inside / 400 <= 0.98
