"""Cost of choosing pairs at size, by rule, beside taking every pair.

    python -m tests.benchmarks.pairing [--items 2000] [--outputs 8] [--wide 400]

Two shapes: many items with a few outputs each, and one item with many outputs. Prints CPU seconds,
the ratio of each rule to `all`, and how the cost grows when there are twice as many items or
outputs (2: linear in them; 4: in their square, which is how many pairs there are). Nothing is
asserted: the figures depend on the machine.
"""

import argparse
import time

import numpy as np

from core.pairing import Candidate, novelty, pairs
from core.policies import Pairs

WORDS, LONG = 5_000, 60
RULES = {
    "all": Pairs(),
    "round_robin": Pairs(rule="round_robin", rounds=2),
    "margin": Pairs(rule="margin", score="reward", most=0.5),
    "bonus": Pairs(rule="bonus", score="reward", top=4),
}


def made(items, outputs, seed=1):
    """Items with outputs of random words and scores."""
    chance = np.random.default_rng(seed)
    words = np.array([f"word{n}" for n in range(WORDS)])
    drawn = (WORDS * chance.random((items, outputs, LONG)) ** 3).astype(int)
    scores = chance.normal(size=(items, outputs))
    return [
        [
            Candidate(f"o{n}", f"m{n}", "answer", float(scores[i, n]), " ".join(words[drawn[i, n]]))
            for n in range(outputs)
        ]
        for i in range(items)
    ]


def cost(action):
    """CPU seconds of this process."""
    start = time.process_time()
    action()
    return time.process_time() - start


def choose(rule, items):
    """Every item's pairs."""
    for place, outputs in enumerate(items):
        pairs(rule, outputs, f"i{place}", 1)


def compared(items, outputs, twice):
    """One shape, and the same with twice as much of what grows."""
    one, two = made(items, outputs), made(*twice)
    novelty(["warm up"])
    print(f"{items:,} items x {outputs:,} outputs, and {twice[0]:,} x {twice[1]:,}")
    base = None
    for name, rule in RULES.items():
        first, second = (cost(lambda r=rule, w=whole: choose(r, w)) for whole in (one, two))
        base = base or first
        print(
            f"  {name:12} {first:8.2f} s, {first / base:6.1f} x all; twice: {second / first:.1f} x"
        )


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    reader.add_argument("--items", type=int, default=2000)
    reader.add_argument("--outputs", type=int, default=8)
    reader.add_argument("--wide", type=int, default=400)
    given = reader.parse_args()
    compared(given.items, given.outputs, (2 * given.items, given.outputs))
    compared(1, given.wide, (1, 2 * given.wide))
