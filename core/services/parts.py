"""What can be extended, and with what it has been extended so far."""

import importlib
from pathlib import Path
from typing import Any

from core.registry import Registry
from core.settings import ROOT

FOLDERS = {
    "questions": "core.questions.base:questions",
    "content": "core.content.base:contents",
    "workers": "core.workers.base:workers",
    "probes": "core.probes.base:probes",
    "statistics": "core.statistics.base:statistics",
    "exports": "core.exports.base:exports",
    "imports": "core.imports.base:imports",
}


def registries() -> dict[str, Registry[Any]]:
    """The registry of each folder."""
    found = {}
    for folder, place in FOLDERS.items():
        module, name = place.split(":")
        found[folder] = getattr(importlib.import_module(module), name)
    return found


def templates() -> list[str]:
    """Names of the ready-made protocols."""
    folder: Path = ROOT / "core" / "templates"
    return sorted(path.stem for path in folder.glob("*.yaml"))


def listing() -> dict[str, list[str]]:
    """Folder -> names of its parts."""
    return {folder: list(parts) for folder, parts in registries().items()} | {
        "templates": templates()
    }
