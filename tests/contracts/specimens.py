"""One of every registered part, found by itself, and the units that they are tried on."""

import re

import yaml

from core import protocol
from core.content.base import contents
from core.content.chat import Chat
from core.content.text import TextContent
from core.questions.base import load as load_question
from core.questions.base import questions
from core.services.parts import templates
from core.settings import ROOT
from core.units import Shown, Unit, Vote
from core.workers.base import workers


def studies():
    """Every ready-made protocol by name."""
    folder = ROOT / "core" / "templates"
    return {n: protocol.from_yaml((folder / f"{n}.yaml").read_text("utf-8")) for n in templates()}


def documented():
    """Every question that docs/questions.md shows, by name."""
    page = (ROOT / "docs" / "questions.md").read_text("utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.M | re.S)
    specs = [spec for block in blocks for spec in yaml.load(block, protocol.StrictLoader)]
    return {f"docs-{spec['name']}": load_question(spec) for spec in specs}


def every_question():
    """A question of each kind, each one that a template asks, and each one of the documentation."""
    found = {kind: questions[kind].sample() for kind in questions} | documented()
    for name, study in studies().items():
        found |= {f"{name}-{q.name}": q for q in study.questions}
    return found


def every_worker():
    """A worker of each kind, and each one that a template names."""
    found = {kind: workers[kind].sample() for kind in workers}
    for name, study in studies().items():
        found |= {f"{name}-{w.name}": w for w in study.workers}
    return found


def every_content():
    """An example of each kind of content."""
    return {kind: contents[kind].example() for kind in contents}


def unit(*asked, outputs=2):
    """A unit that shows responses named first, second, ... and asks these questions."""
    texts = ["Rice keeps for 3 days.", "Rice keeps for weeks, or longer, in any fridge.", "No."]
    shown = tuple(
        Shown(key, TextContent(text), source="hidden")
        for key, text in zip(("first", "second", "third")[:outputs], texts, strict=False)
    )
    if any(getattr(question, "role", "") == "checklist" for question in asked):
        lines = TextContent("1. names the days\n2. says where to keep it\n")
        shown = (*shown[:1], Shown("lines", lines, role="checklist"))
    fields = {
        "prompt": TextContent("How long does rice keep?"),
        "reference": TextContent("Cooked rice keeps for three days in a fridge."),
        "conversation": Chat.example(),
    }
    bare = Unit("u", "i", fields, shown, tuple(output.key for output in shown))
    gold = {question.name: question.example(bare) for question in asked}
    votes = tuple(
        Vote(f"{who} juror", who, question.name, question.example(bare))
        for question in asked for who in ("first", "second", "third")
    )  # fmt: skip
    return Unit("u", "i", fields, shown, bare.order, asked, {"task": "rice"}, gold, "", votes)
