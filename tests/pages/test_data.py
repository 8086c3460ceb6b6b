"""The Data page: bring files in, see what is wrong, take results out."""

import pytest

from core.protocol import from_yaml
from core.services import studies
from tests.pages.conftest import words
from tests.services.conftest import ANA

PAIRS = b"""id,prompt,response_1,response_2,annotator_1,annotator_2
1,Why is **this** so?,Because.,It is.,1,2
2,How?,So.,Thus.,0,1
"""


def give(page, *files):
    for name, data in files:
        page.file_uploader[0].upload(name, data, "text/plain")
    page.run()
    assert not page.exception, [e.value for e in page.exception]
    return page


def test_upload_look_and_import(workspace, opened):
    page = opened("data", who="ana")
    assert "Give one file" in words(page)
    give(page, ("pairs.csv", PAIRS))
    assert "known by id" in words(page) and "Because." in words(page)
    page.button(key="data-import").click().run()
    assert not page.exception
    assert "2 of 2 items and 4 of 4 judgments are new" in words(page)
    study = studies.load(workspace, "pairs")
    assert (study.revision, study.state) == (4, "draft")


FRESH = """
name: fresh
title: A fresh study
fields: {prompt: text, source: text}
questions: [{kind: pairwise, name: better, title: Which is better}]
"""


def test_a_study_without_material_is_filled_and_what_lacks_is_said(workspace, opened):
    studies.create(workspace, ANA, from_yaml(FRESH))
    page = give(opened("data", who="ana", study="fresh"), ("pairs.csv", PAIRS))
    assert page.radio(key="data-into-fresh").value == "fresh"
    [said] = [w.value for w in page.warning]
    assert "Nothing fills the field source" in said and "can’t be asked" not in said
    page.button(key="data-import").click().run()
    assert "Study fresh (already there): 2 of 2 items and 4 of 4 judgments" in words(page)
    assert [b.label for b in page.button if b.key == "data-open"] == ["Open it on the Studies page"]
    assert [row.key for row in studies.names(workspace, ANA)] == ["fresh"]
    page = give(opened("data", who="ana", study="fresh"), ("pairs.csv", PAIRS))
    assert page.radio(key="data-into-fresh").value != "fresh"  # it has material by now


def test_units_that_cannot_be_asked_are_told_before_they_are_written(workspace, opened):
    studies.create(workspace, ANA, from_yaml(FRESH))
    rows = b"id,prompt,source\n1,Why?,A book\n"
    page = give(opened("data", who="ana", study="fresh"), ("rows.csv", rows))
    [said] = [w.value for w in page.warning]
    assert "“Which is better” can’t be asked" in said


def test_a_mapping_that_names_a_study_which_is_there_says_so(small, workspace, opened):
    page = give(opened("data", who="ana", study="small"), ("small.csv", PAIRS))
    assert "is there already: the data go into it" in page.warning[0].value


def test_what_is_wrong_is_a_table(workspace, opened):
    page = give(opened("data", who="ana"), ("pairs.csv", PAIRS + b"3,What?\n"))
    assert "Nothing can be imported yet" in words(page)
    row = page.dataframe[0].value.iloc[0]
    assert (row["file"], row["line"], row["expected"]) == ("pairs.csv", 4, "6 columns")
    assert not [b for b in page.button if b.key == "data-import"]


def test_the_mapping_is_edited_as_text_and_by_form(workspace, opened):
    page = give(opened("data", who="ana"), ("pairs.csv", PAIRS))
    page.text_area(key="data-mapping").set_value("items: [").run()
    assert "mapping, line 1" in words(page)
    page = give(opened("data", who="ana"), ("pairs.csv", PAIRS))
    people = next(m for m in page.multiselect if m.label.startswith("Answers of people"))
    people.set_value(["annotator_1"])
    next(b for b in page.button if b.label == "Use these columns").click().run()
    assert "annotator_2: annotator_2" not in page.text_area(key="data-mapping").value
    assert "person: annotator_1 (2)" in words(page)


def test_the_example_files(workspace, opened):
    page = opened("data", who="ana")
    page.toggle(key="data-example").set_value(True).run()
    assert not page.exception
    page.button(key="data-import").click().run()
    assert "4 of 4 items" in words(page)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "preference"])
def test_export_shows_the_first_lines(small, opened, kind):
    page = opened("data", who="ana", study="small")
    page.selectbox(key="export-format").set_value(kind).run()
    assert not page.exception
    if kind == "preference":
        assert "nothing of this kind" in words(page)
    else:
        assert page.code[0].value.startswith("study,sequence" if kind == "csv" else '{"type"')
