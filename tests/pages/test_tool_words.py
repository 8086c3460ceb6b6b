"""The words of the browser's tools are in the catalogue, in each of its languages."""

import re
from string import Formatter

import pytest

from pages.widgets.components import FOLDER
from pages.widgets.components.tools import WORDS
from pages.widgets.texts import catalogue, languages


@pytest.mark.parametrize("tool", WORDS)
def test_a_tool_is_given_the_words_that_it_says(tool):
    source = (FOLDER / f"{tool}.js").read_text("utf-8")
    names = set(re.findall(r'"([a-z_]+)"', source)) | {"is_best", "is_worst"}
    assert set(WORDS[tool]) <= names
    said = set(re.findall(r'said\("([a-z_]+)"', source))
    assert said and said <= set(WORDS[tool])


@pytest.mark.parametrize("code", sorted(set(languages()) - {"en"}))
def test_other_languages_have_them_all_with_the_same_facts(code):
    def facts(text):
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    other, english = catalogue(code), catalogue("en")
    for name in {name for names in WORDS.values() for name in names}:
        assert other[name] != english[name], name
        assert facts(other[name]) == facts(english[name]), name
