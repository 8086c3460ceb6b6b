"""Cost of a fresh Agreement page: first load, one new answer, and recomputing everything.

    python -m tests.benchmarks.statistics_refresh [--units 20000] [--raters 10] [--each 5]

And of the numbers weighted by how units were chosen, where every unit was drawn for one person by
unequal chances and a model judged all.

Prints CPU milliseconds and their ratios. Nothing is asserted: the figures depend on the machine.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from core.services import analysis, answering, assignment, studies, tables, weighting
from core.services.access import Identity
from core.services.studies import load
from core.statistics.alpha import alpha
from core.statistics.groups import GROUPS
from storage import imported
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


def follow(db, study="bench"):
    """Only bring the counts up to date."""
    with analysis.following(db, OWNER, study, None):
        pass


def drawn(db, units, raters):
    """A study in which every unit was drawn for one of the raters, who answered it."""
    study = ratings_study(db, "drawn", units)
    plan = study.protocol.assignment.model_copy(update={"order": "jury", "overlap": 2})
    protocol = study.protocol.model_copy(update={"assignment": plan})
    study = studies.edit(db, OWNER, "drawn", protocol, study.version)
    pen, chance = Pen(db, study), np.random.default_rng(3)
    whose = {f"i{n:06}": f"r{chance.integers(raters)}" for n in chance.permutation(units)}
    chances = dict(zip(whose, chance.uniform(0.2, 2, units) / 16, strict=True))
    how = {"policy": "jury/1", "design": "draw:16", "arm": ""}
    with db.write() as connection:
        places = {
            (pen.units[key], pen.rater(connection, "person", name), "first", 0):
            {**how, "propensity": chances[key]} for key, name in whose.items()
        }  # fmt: skip
        imported.assign(connection, study.id, places)
        imported.answered(connection, study.id, [place[:2] for place in places], 2)
    rows = [(key, "model", "m", n % 5, 0) for n, key in enumerate(pen.units)]
    rows += [(key, "person", name, int(chance.integers(5)), 0) for key, name in whose.items()]
    for start in range(0, len(rows), 5000):
        pen.write(rows[start : start + 5000])


def weighed(db, rounds):
    """The first weighted numbers, nothing new, and medians after one new answer and from all."""
    show = lambda: weighting.weights(db, OWNER, "drawn")
    analysis.agreement(db, OWNER, "drawn")
    first, idle = cost(show), median(cost(show) for _ in range(20))
    who, again = Identity("somebody"), []
    held = assignment.current(db, who, "drawn")
    for _ in range(rounds):
        held = answering.submit(db, who, held, {"quality": 3}, follow=True).next
        follow(db, "drawn")
        again.append(cost(show))
    return first, idle, median(again)


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
        drawn(db, given.units, given.raters)
        begun, still, later = weighed(db, given.rounds)
        db.close()
    print(f"{given.units * given.each:,} judgments, {given.raters} raters; CPU milliseconds")
    print(f"  first load                       {first:10.2f}")
    print(f"  everything, nothing new          {idle:10.2f}")
    print(f"  poll of the revision             {poll:10.2f}")
    print(f"  everything, one new answer       {again:10.2f}")
    print(f"    of that: tail and counts       {parts['tail']:10.2f}")
    print(f"    of that: three alphas          {parts['alphas']:10.2f}")
    print(f"  everything, counted anew         {full:10.2f}   ({full / again:.0f} times)")
    print(f"weighted, {given.units:,} drawn units")
    print(f"  first load                       {begun:10.2f}")
    print(f"  nothing new                      {still:10.2f}")
    print(f"  one new answer                   {later:10.2f}")


if __name__ == "__main__":
    main()
