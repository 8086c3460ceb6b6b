"""Results of tests, beside the code that they tried."""

from collections.abc import Sequence
from typing import Any

from core.content.base import Content, Segment, contents, storable
from core.content.code import language
from core.content.reading import first, listed, number, record, text, without_empty, words
from core.content.steps import blocks
from core.ui import Ui
from core.units import Invalid

OUTCOMES = {
    "passed": "passed", "pass": "passed", "ok": "passed", "success": "passed", "true": "passed",
    "failed": "failed", "fail": "failed", "failure": "failed", "false": "failed",
    "error": "error", "errored": "error", "timeout": "error",
    "skipped": "skipped", "skip": "skipped", "xfailed": "skipped",
}  # fmt: skip


@contents.register
class Tests(Content):
    """Tests; `data` is `{"code", "language", "tests": [{name, outcome, message, trace, seconds}]}`.

    An outcome is passed, failed, error or skipped; files may also say pass, fail, ok, true, false,
    timeout. The code may be missing, and so may messages and traces. Segments are tests, from 1.
    """

    kind = "tests"
    fixed = frozenset({"language", "outcome"})

    @classmethod
    def parse(cls, raw: Any) -> "Tests":
        if isinstance(raw, list):
            raw = {"tests": raw}
        raw = record(raw, "tests", "tests and code")
        given = listed(first(raw, "tests", "results"), "tests", "tests")
        kept = without_empty(
            {
                "code": storable(raw.get("code") or "", "tests, code"),
                "language": language(raw.get("language"), "tests, language"),
            }
        )
        return cls(kept | {"tests": [_test(t, n) for n, t in enumerate(given, 1)]})

    def show(self, ui: Ui) -> None:
        if self.data.get("code"):
            ui.code(self.data["code"], language=self.data.get("language", ""))
        ui.results(self.data["tests"])

    def text(self) -> str:
        return self._laid_out()[0]

    def segments(self) -> Sequence[Segment]:
        return self._laid_out()[1]

    def _laid_out(self) -> tuple[str, list[Segment]]:
        code = f"[code]\n{self.data['code']}\n\n" if self.data.get("code") else ""
        bodies = [(str(n), _body(t)) for n, t in enumerate(self.data["tests"], 1)]
        laid, found = blocks(bodies, [f"[test {name}]" for name, _ in bodies])
        shift = len(code)
        return code + laid, [
            Segment(s.key, s.text, s.start + shift, s.end + shift) for s in found
        ]  # fmt: skip

    @classmethod
    def example(cls) -> "Tests":
        trace = "Traceback (most recent call last):\n  mean.py, line 3\nZeroDivisionError"
        return cls.parse(
            {
                "code": "def mean(values):\n    return sum(values) / len(values)",
                "language": "python",
                "tests": [
                    {"name": "mean of two", "outcome": "passed", "seconds": 0.01},
                    {"name": "mean of nothing", "outcome": "failed", "message": "division by zero",
                     "trace": trace},
                ],
            }
        )  # fmt: skip


def _body(test: dict[str, Any]) -> str:
    took = f" ({test['seconds']:g} s)" if "seconds" in test else ""
    lines = [f"{test['name']}: {test['outcome']}{took}", test.get("message"), test.get("trace")]
    return "\n".join(line for line in lines if line)


def _test(raw: Any, place: int) -> dict[str, Any]:
    where = f"test {place}"
    raw = record(raw, where, "name and outcome")
    said = first(raw, "outcome", "status", "passed", "result")
    outcome = OUTCOMES.get(str(said).strip().lower()) if isinstance(said, bool | str) else None
    if outcome is None:
        raise Invalid(f"{where}, outcome", "expected passed, failed, error or skipped")
    kept = {"name": words(first(raw, "name", "test", "nodeid"), f"{where}, name"),
            "outcome": outcome}  # fmt: skip
    if raw.get("seconds") is not None:
        kept["seconds"] = number(raw["seconds"], f"{where}, seconds", 0)  # type: ignore[assignment]
    return kept | without_empty(
        {
            "message": text(raw.get("message"), f"{where}, message"),
            "trace": text(first(raw, "trace", "traceback", "longrepr"), f"{where}, trace"),
        }
    )
