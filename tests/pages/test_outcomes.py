"""The Outcomes page: measures of what workers made, and what it says when there are none."""

from click.testing import CliRunner

from core.cli import main
from tests.pages.conftest import words
from tests.servers.openai_server import OpenAIServer
from tests.services.answers import answer
from tests.services.chains import study, units, work_all
from tests.services.test_chain import CLAIM, RIGHT, played, workers
from tests.services.test_measures import made


def test_measures_are_drawn_and_listed(workspace, opened):
    made(workspace)
    page = opened("outcomes", who="ana", study="made")
    assert {"pass@1", "SR_5", "jaccard"} <= set(page.selectbox(key="measure-outcomes").options)
    listed = [name.replace("\u200b", "") for name in page.table[0].value["measure"]]
    assert "pass@1" in listed
    assert "means over items" in words(page) and "full agreement" not in words(page)


def test_without_outputs_it_says_what_would_make_some(small, opened):
    assert "Nothing measured yet" in words(opened("outcomes", who="ana", study="small"))


def test_what_critiques_did_to_the_revision(workspace, opened):
    asked = [{**RIGHT[0], "roles": ["answer", "revision"]},
             {**CLAIM, "about": "output", "name": "critique", "roles": ["critique"]}]  # fmt: skip
    with OpenAIServer(played) as server:
        made = study(workspace, workers(server.url), count=2, questions=asked, units="each",
                     judged=["answer", "critique", "revision"])  # fmt: skip
        work_all(workspace)
    keys = {u.item: u.key for u in units(workspace) if u.outputs[0].role == "critique"}
    said = {keys["q0"]: "right", keys["q1"]: "trivial"}
    answer(workspace, made, "critique", "person", "ana", said)
    page = opened("outcomes", who="owner", study="made")
    assert "What critiques did to the revision" in words(page)
    table = next(t.value for t in page.table if t.value.index.name == "Critique was")
    assert list(table.index) == ["right", "trivial"]
    assert table["Not correct, then correct"].iloc[0].startswith("1 of 1")
    for verb in ("stats", "measure"):
        found = CliRunner().invoke(main, [verb, "--study", "made"])
        assert found.exit_code == 0, found.output
        assert "critiques that people hold 'right' (critique), 1 revisions" in found.stdout
        assert ("before and after revising, 2 pairs" in found.stdout) == (verb == "stats")
