"""Collecting seldom: what is loaded is kept out, what comes later too, and all of it ends."""

import gc
import sys
import types

from core.garbage import collected_seldom, keep_loaded


def test_what_is_loaded_is_kept_out_until_the_end(monkeypatch):
    before = gc.get_threshold()
    keep_loaded()
    assert gc.get_freeze_count() == 0
    with collected_seldom():
        kept = gc.get_freeze_count()
        assert kept > 1000 and gc.get_threshold() != before
        collected = gc.get_stats()[2]["collections"]
        keep_loaded()
        assert gc.get_stats()[2]["collections"] == collected
        late = types.ModuleType("late")
        late.held = [[] for _ in range(5000)]
        monkeypatch.setitem(sys.modules, "late", late)
        keep_loaded()
        assert gc.get_freeze_count() > kept + 4000
    assert gc.get_freeze_count() == 0 and gc.get_threshold() == before
