"""Runs code against its tests, each test in a sandbox of its own."""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.sandbox import Limits, Ran, python
from core.units import Unit
from core.workers.base import CannotAnswer

FENCED = re.compile(r"^[ \t]*```[\w+-]*[ \t]*\n(.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
LONGEST, TRACE, MOST = 200_000, 2_000, 200
SPLIT = """
import ast, json
source = open("/code/tests.py").read()
lines, cases, drop = source.splitlines(), [], []
tree = ast.parse(source)
def is_test(node):
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test")
for node in tree.body:
    if is_test(node):
        cases.append([node.name, node.name + "()"])
    elif isinstance(node, ast.ClassDef):
        for one in filter(is_test, node.body):
            call = f"unittest.TextTestRunner().run({node.name}({one.name!r}))"
            call = f"import unittest\\nassert {call}.wasSuccessful()"
            cases.append([f"{node.name}.{one.name}", call])
    elif isinstance(node, ast.FunctionDef) and node.name == "check":
        cases.append(["check", "check(ENTRY)"])
if not cases:
    for node in tree.body:
        if isinstance(node, ast.Assert):
            code = "\\n".join(lines[node.lineno - 1:node.end_lineno])
            cases.append([" ".join(code.split())[:80], code])
            drop += range(node.lineno - 1, node.end_lineno)
setup = "\\n".join("" if n in set(drop) else line for n, line in enumerate(lines))
print(json.dumps({"setup": setup, "cases": cases}))
"""
MAIN = """import sys
sys.path.insert(0, "/code")
sys.dont_write_bytecode = True
import case
sys.stdout.write("\\n{mark}\\n")
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One test: code that is run after the code under test, or what is typed in and printed."""

    name: str
    code: str = ""
    stdin: str = ""
    stdout: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test went: `passed`, and if not how the run ended and the end of its trace."""

    name: str
    passed: bool
    end: str
    trace: str
    seconds: float

    def data(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {
            "name": self.name, "passed": self.passed, "end": self.end, "trace": self.trace,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip

    def shown(self) -> dict[str, Any]:
        """The outcome as the content `tests` takes it."""
        ended = self.end.startswith("ended")
        outcome = "passed" if self.passed else "failed" if ended else "error"
        trace = self.trace.replace("\x00", "\\0")
        said = {"name": self.name, "outcome": outcome, "seconds": round(self.seconds, 3)}
        return said if self.passed else {**said, "message": self.end, "trace": trace}


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of an item: what they share, and the cases."""

    setup: str
    cases: Sequence[Case]


def code_in(text: str) -> str:
    """The code in a reply: what stands between code fences, or all of it where there are none."""
    return "\n\n".join(FENCED.findall(text)) or text


def read_tests(unit: Unit, name: str, entry: str) -> Suite:
    """The tests in the field or fact of that name; raises `CannotAnswer` when there are none.

    A list of `{"input": ..., "output": ...}` is what a program reads and prints. Python holds
    functions called test..., test cases of `unittest`, a function `check(candidate)` together with
    the fact `entry` that names the candidate, or assertions, each of which is a test.
    """
    field = unit.fields.get(name)
    raw = field.data if field is not None else unit.meta.get(name)
    if isinstance(raw, Mapping):
        raw = raw.get("tests", raw.get("code"))
    if isinstance(raw, str) and raw.lstrip().startswith("["):
        raw = _json(raw)
    if isinstance(raw, list):
        return Suite("", [_pair(one, n, name) for n, one in enumerate(raw, 1)])
    if not isinstance(raw, str) or not raw.strip():
        raise CannotAnswer(f"the item has no tests in a field or fact called {name!r}")
    return _python(raw, str(unit.meta.get(entry) or ""))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _pair(one: Any, number: int, name: str) -> Case:
    if isinstance(one, str):
        return Case(" ".join(one.split())[:80], one)
    if not isinstance(one, Mapping) or "output" not in one:
        raise CannotAnswer(f"test {number} in {name!r} is no object with input and output")
    title = str(one.get("name") or f"test {number}")
    return Case(title, stdin=str(one.get("input", "")), stdout=str(one["output"]))


def _python(source: str, entry: str) -> Suite:
    if len(source) > LONGEST:
        raise CannotAnswer(f"the tests are longer than {LONGEST:,} characters")
    ran = python(SPLIT, files={"tests.py": source})
    if not ran.well:
        raise CannotAnswer(f"the tests cannot be read: {ran.stderr.strip().splitlines()[-1:]}")
    found = json.loads(ran.stdout)
    if not found["cases"]:
        raise CannotAnswer("the tests hold no test function, no check and no assertion")
    if any("ENTRY" in code for _, code in found["cases"]) and not entry.isidentifier():
        raise CannotAnswer("`check` takes a candidate; name it in the item's entry fact")
    cases = [Case(name, code.replace("ENTRY", entry)) for name, code in found["cases"]]
    return Suite(found["setup"], cases[:MOST])


def outcomes(code: str, tests: Suite, limits: Limits) -> list[Outcome]:
    """How the code fares in each test; raises `NoSandbox` where nothing can be run safely.

    A test has passed when the run reached its end without an error, or printed what was wanted.
    Code that means to deceive its tests can, since both share an interpreter.
    """
    return [_outcome(code, tests.setup, case, limits) for case in tests.cases]


def _outcome(code: str, setup: str, case: Case, limits: Limits) -> Outcome:
    if case.stdout is not None:
        ran = python(code, stdin=case.stdin, limits=limits)
        passed = ran.well and _tokens(ran.stdout) == _tokens(case.stdout)
        wrong = f"printed {ran.stdout[:300]!r}, expected {case.stdout[:300]!r}"
        return _as_outcome(case, ran, passed, wrong if ran.well else "")
    mark = secrets.token_hex(16)
    files = {"case.py": f"{code}\n\n{setup}\n\n{case.code}\n"}
    ran = python(MAIN.format(mark=mark), files=files, limits=limits)
    passed = ran.well and ran.stdout.endswith(f"\n{mark}\n")
    return _as_outcome(
        case, ran, passed, "the run left before the test was over" if ran.well else ""
    )


def _as_outcome(case: Case, ran: Ran, passed: bool, wrong: str) -> Outcome:
    trace = "" if passed else (wrong or ran.stderr[-TRACE:].strip() or ran.said())
    return Outcome(case.name, passed, ran.said(), trace, ran.seconds)


def _tokens(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
