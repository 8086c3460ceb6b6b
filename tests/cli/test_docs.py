"""docs/cli.md says what the command does: every verb, option, exit code and JSON key."""

import re

import click
import pytest

from core.cli import main
from core.protocol import from_yaml
from core.statistics.base import statistics
from tests.cli.run_concord import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
VERBS = main.list_commands(click.Context(main))
SUFFIXES = ("_low", "_high", "_n", "_coverage", "_note")
BY_NAME = {
    "missing", "raters", "counts", "where", "detail", "mapping", "study_wide", "schema",
    "parameters",
}  # fmt: skip


def section(verb):
    """The part of the page about a verb."""
    found = re.search(rf"^## {verb}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    assert found, f"docs/cli.md has no section about {verb}"
    return found.group(1)


def command(verb):
    return main.get_command(click.Context(main), verb)


def keys(data, inside=""):
    """Every key of a JSON value; those of an object whose keys are names are passed by."""
    if isinstance(data, list):
        return set().union(*(keys(one) for one in data)) if data else set()
    if not isinstance(data, dict):
        return set()
    own = set() if inside in BY_NAME else set(data)
    below = (() if inside == "detail" or k in BY_NAME - {"study_wide"} else keys(v, k)
             for k, v in data.items())  # fmt: skip
    return own.union(*below)


def undocumented(verb, data):
    """Keys that the verb's section does not mention."""
    named = set(re.findall(r"`([^`]+)`", section(verb))) | set(statistics)
    missing = set()
    for key in keys(data):
        end = next((s for s in SUFFIXES if key.endswith(s)), "")
        base = key.removesuffix(end)
        if key not in named and not (end and f"X{end}" in named and base in named):
            missing.add(key)
    return missing


def test_every_verb_is_there():
    verbs = {
        "ask",
        "measure",
        "import",
        "run",
        "route",
        "runs",
        "reask",
        "work",
        "stats",
        "export",
        "verify",
        "migrate",
        "demo",
        "parts",
    }
    assert set(VERBS) == verbs == set(re.findall(r"^## (\w+)$", PAGE, re.M))


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_documented_and_none_that_is_not_there(verb):
    options = {
        name
        for parameter in command(verb).params
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    rows = "\n".join(re.findall(r"^\| (`--.*?) \|", section(verb), re.M))
    assert set(re.findall(r"`(--[\w-]+)`", rows)) == options
    usage = section(verb).split("`")[1]
    assert set(re.findall(r"--[\w-]+", usage)) == options


@pytest.mark.parametrize("verb", VERBS)
def test_every_help_has_an_example_that_parses(verb):
    text = command(verb).help or ""
    example = re.search(r"Example: concord (\w+)(.*)", " ".join(text.replace("\b", "").split()))
    assert example and example.group(1) == verb
    assert "--help" in command(verb).get_help(click.Context(command(verb)))


def test_the_keys_are_documented(demo, tmp_path):
    table = tmp_path / "small.csv"
    table.write_text("prompt,a,b\nWhy?,Because.,So.\n")
    printed = {
        "demo": demo.loaded,
        "parts": demo.json("parts"),
        "measure": demo.json("measure", "--study", "demo"),
        "ask": demo.json("ask", "--study", "demo", "--sql", "SELECT count(*) AS n FROM answers"),
        "migrate": demo.json("migrate", "--check"),
        "reask": demo.json("reask", "--study", "demo", "--dry-run"),
        "verify": demo.json("verify", "--all"),
        "stats": demo.json("stats", "--study", "demo"),
        "run": demo.json("run", "--study", "demo", "--worker", "Longer answer wins", "--fresh"),
        "export": demo.json("export", "--study", "demo", "--format", "jsonl", "--out", "all.jsonl"),
        "import": demo.json("import", "all.jsonl", "--study", "demo"),
    }
    assert {verb: undocumented(verb, data) for verb, data in printed.items()} == {
        verb: set() for verb in printed
    }
    dry = demo.json("import", "all.jsonl", "--study", "demo", "--dry-run")
    guess = demo.json("import", table, "--guess")
    look = demo.json("run", "--study", "demo", "--worker", "new", "--model", "m", "--dry-run",
                     "--base-url", "http://127.0.0.1:9/v1", "--mode", "pairwise")  # fmt: skip
    assert len(look["prompts"]) == 6 and undocumented("run", look) == set()
    for flags in ((), ("--graph",)):
        assert undocumented("runs", demo.json("runs", "--study", "demo", *flags)) == set()
    assert undocumented("import", dry) == undocumented("import", guess) == set()


def test_the_check_itself_sees_a_key_that_is_not_there():
    assert undocumented("stats", {"percent_low": 1, "no_such_key": 1, "no_low": 1}) == {
        "no_such_key", "no_low",
    }  # fmt: skip


def test_the_chain_of_workers_that_write_can_be_used_as_it_stands():
    text = (ROOT / "docs" / "outputs.md").read_text("utf-8")
    chain = re.search(r"## A chain\n\n```yaml\n(.*?)```", text, re.DOTALL)
    assert chain is not None
    made = from_yaml("name: chain\ntitle: A chain\n" + chain[1])
    assert [worker.kind for worker in made.workers] == ["generate", "critique", "refine", "judge"]
