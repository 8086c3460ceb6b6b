"""A writer in a process of its own: appends answers one by one and prints each once it is stored.

`python -m tests.storage.writer URL NAME COUNT`
"""

import sys

from storage.database import Database
from tests.storage.written_log import opened


def write(log, name, count):
    """One answer per unit, in the order of the units; yields the key of each stored answer."""
    for unit in list(log.units)[:count]:
        row = log.new(unit, name, 1)
        log.append(row)
        yield row.key


def main(url, name, count):
    """Print the key of each answer after its transaction is over."""
    db = Database(url)
    for key in write(opened(db), name, int(count)):
        print(key, flush=True)
    db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
