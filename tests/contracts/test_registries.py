"""Every folder of parts loads, and the documentation knows every part."""

import re

import pytest

from core.registry import Registry, UnknownPart
from core.services.parts import FOLDERS, listing, registries
from core.settings import ROOT

PARTS = [(folder, name) for folder, names in listing().items() for name in names]


def section(folder):
    """What docs/parts.md says about a folder."""
    page = (ROOT / "docs" / "parts.md").read_text("utf-8")
    found = re.search(rf"^## [^\n]*\(`core/{folder}/`\)\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found, f"docs/parts.md has no section about core/{folder}"
    return found.group(1)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_loads_and_an_unknown_name_lists_the_known(folder):
    registry = registries()[folder]
    assert list(registry) == sorted(registry)
    with pytest.raises(UnknownPart, match="part is called"):
        registry["no such part"]


@pytest.mark.parametrize("folder", sorted(set(FOLDERS) - {"probes"}))
def test_a_folder_has_parts(folder):
    assert len(registries()[folder]) > 0


@pytest.mark.parametrize(("folder", "name"), PARTS, ids=[f"{f}-{n}" for f, n in PARTS])
def test_the_documentation_names_the_part(folder, name):
    assert f"`{name}`" in section(folder), f"docs/parts.md does not name `{name}` under {folder}"


def test_two_parts_of_one_name_are_refused():
    registry = Registry("core.questions")
    registry.register(type("One", (), {"kind": "same"}))
    with pytest.raises(ValueError, match="two parts"):
        registry.register(type("Two", (), {"kind": "same"}))
