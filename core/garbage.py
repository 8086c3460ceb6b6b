"""Collecting garbage seldom, and without going through what is loaded for good."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (10_000, 10, 10)
_loaded: list[int] = []


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Keep what is loaded already out of garbage collection, and collect the rest less often.

    Going through every loaded module takes a tenth of a second and more, in which nothing else of
    the process moves on. One at a time in a process.
    """
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    _loaded.append(0)
    keep_loaded()
    try:
        yield
    finally:
        _loaded.clear()
        gc.set_threshold(*before)
        gc.unfreeze()


def keep_loaded() -> None:
    """Keep out what was loaded since the last call too; does nothing outside `collected_seldom`.

    Costs a full collection when modules have come, and next to nothing when none has.
    """
    if not _loaded or _loaded[0] == len(sys.modules):
        return
    _loaded[0] = len(sys.modules)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
