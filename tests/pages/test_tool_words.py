"""The words of the browser's tools are in the catalogue, in each of its languages."""

import re
from string import Formatter

import pytest

from core.settings import ROOT
from pages.widgets.components import FOLDER, texts
from pages.widgets.components.tools import WORDS
from pages.widgets.texts import Words, catalogue, languages
from pages.widgets.ui_showing import output_name
from tests.contracts.specimens import unit


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


CALLS = re.compile(r"""\b(?:word|told)\(\s*f?"([^"]+)\"""")


def said_by_the_desk():
    """English texts of the desk's own, as the kinds and the faces name them."""
    from core.questions import choice, comparison, multilabel
    from core.questions import text as edit
    from pages.widgets.ui_showing import ROLES, SIGNS

    named = [*choice.WORDS.values(), *comparison.WORDS.values(), edit.VERDICTS.values()]
    found = {word for words in named for word in words} | {multilabel.NONE, *SIGNS}
    found |= {name.capitalize() for name in (*ROLES, *edit.VERDICTS, "yes", "no")}
    for folder in ("core/questions", "pages/widgets"):
        for path in sorted((ROOT / folder).glob("*.py")):
            found |= set(CALLS.findall(path.read_text("utf-8")))
    found |= set(re.findall(r'Passage\("(\w+)"', (ROOT / "core/content/trajectory.py").read_text()))
    parts = [path.stem for path in FOLDER.glob("*.js")]
    assert {"Nothing matches", "Find in the text", "Open all", "New box"} <= set(texts(*parts))
    found |= set(texts(*parts))
    return found


@pytest.mark.parametrize("code", sorted(languages()))
def test_every_text_of_blocks_and_questions_is_in_the_catalogue(code):
    def facts(text):
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    other, texts = catalogue(code), said_by_the_desk()
    assert {"Tie", "{letter} is better", "Step {key}", "All {total} are given."} <= texts
    for text in texts:
        assert text in other, text
        assert facts(other[text]) == facts(text), text
        assert (code == "en") == (other[text] == text), text


def test_a_question_and_its_material_are_in_the_persons_language():
    from core.questions.pairwise import Pairwise
    from core.ui import Recorder

    said = Words("de")
    ui = Recorder(said.told)
    Pairwise(name="q", title="Tie", both_bad=True).ask(ui, unit())
    assert [o["label"] for o in ui.blocks[0]["options"]] == [
        "A ist besser", "B ist besser", "Unentschieden", "Beide schlecht",
    ]  # fmt: skip
    assert ui.blocks[0]["title"] == "Tie"  # the study's own words stay
    assert [output_name(unit(), o, said) for o in unit().outputs] == ["Antwort A", "Antwort B"]
