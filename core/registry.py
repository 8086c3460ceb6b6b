"""Named parts found by importing a folder."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

Part = TypeVar("Part")


class UnknownPart(ValueError):
    """A name that no file of the folder registers; the message lists the names there are."""


class Registry(Generic[Part]):
    """The parts of one folder by name.

    A file of the folder registers what it defines with `@parts.register`; asking for a part imports
    every file once, so that adding one file is all it takes to add a part.
    """

    def __init__(self, package: str) -> None:
        self.package = package
        self._parts: dict[str, Part] = {}
        self._loaded = False

    def register(self, part: Part) -> Part:
        """Keep a part under its `kind`; two parts of one name are a mistake in the code."""
        name = getattr(part, "kind", None) or getattr(part, "name")  # noqa: B009
        known: Any = self._parts.get(name)
        if known is not None and _origin(known) != _origin(part):
            raise ValueError(f"{self.package}: two parts are called {name!r}")
        self._parts[name] = part
        return part

    def load(self) -> None:
        """Import every file of the folder."""
        if self._loaded:
            return
        folder = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(folder.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        self._loaded = True

    def __getitem__(self, name: str) -> Part:
        self.load()
        try:
            return self._parts[name]
        except KeyError:
            known = ", ".join(sorted(self._parts))
            room = self.package.rsplit(".", 1)[-1]
            raise UnknownPart(f"no {room} part is called {name!r}; there are: {known}") from None

    def __iter__(self) -> Iterator[str]:
        self.load()
        return iter(sorted(self._parts))

    def __contains__(self, name: str) -> bool:
        self.load()
        return name in self._parts

    def __len__(self) -> int:
        self.load()
        return len(self._parts)


def _origin(part: Any) -> tuple[str, str]:
    return part.__module__, getattr(part, "__qualname__", repr(part))
