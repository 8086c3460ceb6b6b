"""Cost of a fresh Agreement page: first load, one new answer, and recomputing everything.

    python -m tests.benchmarks.statistics_refresh [--units 20000] [--raters 10] [--each 5]

Prints CPU milliseconds and their ratios. Nothing is asserted: the figures depend on the machine.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from core.services import analysis, tables
from core.services.studies import load
from core.statistics.alpha import alpha
from core.statistics.table import GROUPS
from storage.database import Database
from storage.migrate import upgrade
from tests.written_study import OWNER, Pen, ratings_study

PEOPLE = 0.8


def answers(units, raters, each, seed=1):
    """Rows in the order of the log: `each` raters answer every unit, noisily."""
    chance = np.random.default_rng(seed)
    level = chance.integers(0, 5, size=units)
    for unit in range(units):
        for rater in chance.choice(raters, size=each, replace=False):
            code = int(np.clip(level[unit] + chance.integers(-1, 2), 0, 4))
            yield f"i{unit:06}", *name(int(rater), raters), code, 0


def name(rater, raters):
    """Kind and name: most raters are people."""
    return ("person" if rater < PEOPLE * raters else "model", f"r{rater}")


def filled(folder, units, raters, each):
    """A database with a study of that size, and a pen to write more."""
    db = Database(str(Path(folder) / "bench.db"))
    upgrade(db)
    pen, batch = Pen(db, ratings_study(db, "bench", units)), []
    for row in answers(units, raters, each):
        batch.append(row)
        if len(batch) == 5000:
            pen.write(batch)
            batch = []
    pen.write(batch)
    return db, pen


def cost(action):
    """CPU milliseconds of this process."""
    start = time.process_time()
    action()
    return 1000 * (time.process_time() - start)


def refresh(db, pen, units, raters, rounds):
    """Medians: the whole service call after one new answer, and its parts."""
    chance, whole, parts = np.random.default_rng(2), [], {"tail": [], "alphas": []}
    show = lambda: analysis.agreement(db, OWNER, "bench")
    for turn in range(2 * rounds):
        rater = name(int(chance.integers(raters)), raters)
        pen.write([(f"i{chance.integers(units):06}", *rater, int(chance.integers(5)), 0)])
        if turn % 2:
            parts["tail"].append(cost(lambda: follow(db)))
            show()
        else:
            whole.append(cost(show))
    table = tables.follower(db, load(db, "bench")).sheets[("quality", ())].table
    for _ in range(rounds):
        parts["alphas"].append(cost(lambda: [alpha(table, group) for group in GROUPS]))
    return median(whole), {k: median(v) for k, v in parts.items()}


def follow(db):
    """Only bring the counts up to date."""
    with analysis.following(db, OWNER, "bench", None):
        pass


def anew(db):
    """Read every row again and compute everything."""
    db.cache.clear()
    analysis.agreement(db, OWNER, "bench")


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--raters", type=int, default=10)
    parser.add_argument("--each", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db, pen = filled(folder, given.units, given.raters, given.each)
        analysis.revision(db, "bench")
        first = cost(lambda: analysis.agreement(db, OWNER, "bench"))
        idle = median(cost(lambda: analysis.agreement(db, OWNER, "bench")) for _ in range(20))
        poll = median(cost(lambda: analysis.revision(db, "bench")) for _ in range(50))
        again, parts = refresh(db, pen, given.units, given.raters, given.rounds)
        full = median(cost(lambda: anew(db)) for _ in range(3))
        db.close()
    print(f"{given.units * given.each:,} judgments, {given.raters} raters; CPU milliseconds")
    print(f"  first load                       {first:10.2f}")
    print(f"  everything, nothing new          {idle:10.2f}")
    print(f"  poll of the revision             {poll:10.2f}")
    print(f"  everything, one new answer       {again:10.2f}")
    print(f"    of that: tail and counts       {parts['tail']:10.2f}")
    print(f"    of that: three alphas          {parts['alphas']:10.2f}")
    print(f"  everything, counted anew         {full:10.2f}   ({full / again:.0f} times)")


if __name__ == "__main__":
    main()
