"""`concord import` and `concord export` as a person types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import main
from core.settings import settings

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
FILES = [str(EXAMPLES / "pairs.csv"), str(EXAMPLES / "votes.csv")]
MAPPED = [*FILES, "--mapping", str(EXAMPLES / "pairs.yaml")]


@pytest.fixture
def concord(sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(main, list(words))
    settings.cache_clear()


def test_in_and_out_again(concord, tmp_path):
    dry = concord("import", *MAPPED, "--dry-run", "--json")
    assert json.loads(dry.stdout)["new_items"] == 4
    done = concord("import", *MAPPED, "--json")
    facts = json.loads(done.stdout)
    assert (done.exit_code, facts["created"], facts["new_judgments"]) == (0, True, 11)
    assert json.loads(concord("import", *MAPPED, "--json").stdout)["new_judgments"] == 0
    out = concord("export", "--study", "small-pairs", "--format", "preference", "--json")
    assert json.loads(out.stdout)["counts"]["written"] == 3
    assert (tmp_path / "small-pairs-preference.jsonl").is_file()
    table = concord("export", "--study", "small-pairs", "--format", "csv", "--out", "-")
    assert table.stdout.startswith("study,sequence") and "Ada" not in table.stdout
    named = concord("export", "--study", "small-pairs", "--format", "csv", "--out", "-", "--names")
    assert "Ada" in named.stdout


def test_a_guess_can_be_used(concord, tmp_path):
    guess = concord("import", *FILES, "--guess")
    (tmp_path / "m.yaml").write_text(guess.stdout)
    done = concord("import", *FILES, "--mapping", "m.yaml")
    assert done.exit_code == 0, done.stderr
    assert "11 of 11 judgments are new" in done.stdout


def test_mistakes_have_exit_codes(concord, tmp_path):
    (tmp_path / "bad.csv").write_text("id,prompt\n1\n")
    bad = concord("import", "bad.csv", *MAPPED[1:])
    assert bad.exit_code == 2
    (tmp_path / "pairs.csv").write_text((EXAMPLES / "pairs.csv").read_text() + "x\n")
    wrong = concord("import", "pairs.csv", *MAPPED[1:], "--json")
    assert wrong.exit_code == 2 and "pairs.csv, line 6: expected 8 columns" in wrong.stderr
    assert json.loads(wrong.stdout.splitlines()[-1])["problems"][0]["line"] == 6
    assert concord("import", *FILES).exit_code == 2
    assert concord("import", *FILES, "--mapping", "gone.yaml").exit_code == 2
    assert concord("export", "--study", "gone", "--format", "csv").exit_code == 3
    assert not list(tmp_path.glob("gone*"))
