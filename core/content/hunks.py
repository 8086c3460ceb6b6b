"""Changes between two texts as hunks: read from a patch, or found by comparing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from core.units import Invalid

HEADER = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)")
WORDS = re.compile(r"\w+|\s+|[^\w\s]")
MOST_LINES = 5_000
MOST_COMPARED = 60_000
Line = tuple[str, str]


@dataclass(frozen=True)
class Hunk:
    """One change: its header, the file it is in, where it starts, and its marked lines."""

    title: str
    file: str
    old: int
    new: int
    lines: tuple[Line, ...] = field(default=())

    def text(self) -> str:
        """The hunk as a patch has it."""
        return "\n".join([self.title, *(mark + words for mark, words in self.lines)])

    def block(self, key: str) -> dict[str, Any]:
        """The hunk as plain JSON for showing, with line numbers and what changed within lines."""
        old, new, found = self.old, self.new, []
        for (mark, words), spans in zip(self.lines, _spans(self.lines), strict=True):
            found.append(
                {"mark": mark, "old": old if mark in " -" else None,
                 "new": new if mark in " +" else None, "text": words, "spans": spans}
            )  # fmt: skip
            old, new = old + (mark in " -"), new + (mark in " +")
        return {"key": key, "title": self.title, "file": self.file, "lines": found}


@lru_cache(maxsize=64)
def read_patch(patch: str) -> tuple[Hunk, ...]:
    """The hunks of a unified patch; raises `Invalid` naming the line that does not fit."""
    lines = patch.replace("\r\n", "\n").split("\n")
    found: list[Hunk] = []
    file, place = "", 0
    while place < len(lines):
        line = lines[place]
        if line.startswith("+++ "):
            file = line[4:].split("\t")[0].strip()
        head = HEADER.fullmatch(line)
        place += 1
        if head is None:
            if line.startswith("@@"):
                raise Invalid(f"diff, line {place}", "expected @@ -1,3 +1,3 @@ with whole numbers")
            continue
        body, place = _body(head, lines, place)
        found.append(Hunk(line, file, int(head[1]), int(head[3]), tuple(body)))
    if not found:
        raise Invalid("diff", "expected a unified patch with at least one @@ line")
    return tuple(found)


def _body(head: re.Match[str], lines: Sequence[str], place: int) -> tuple[list[Line], int]:
    """The lines that a header announces, and the place after them."""
    old, new = (int(1 if head[n] is None else head[n]) for n in (2, 4))
    found: list[Line] = []
    while old > 0 or new > 0:
        line = lines[place] if place < len(lines) else None
        mark = " " if line == "" else (line or "")[:1]
        if line is None or mark not in (" ", "+", "-", "\\"):
            expected = f"expected {old} old and {new} new lines more in this hunk"
            raise Invalid(f"diff, line {place + 1}", expected)
        place += 1
        if mark == "\\":
            continue
        found.append((mark, line[1:]))
        old, new = old - (mark in " -"), new - (mark in " +")
    if old or new:
        raise Invalid(f"diff, line {place}", "the hunk holds more lines than its header says")
    return found, place


@lru_cache(maxsize=64)
def compared(old: str, new: str, context: int) -> tuple[Hunk, ...]:
    """The hunks between two texts, line by line, with `context` unchanged lines around each."""
    if old.endswith("\n") and new.endswith("\n"):
        old, new = old[:-1], new[:-1]
    before, after = old.split("\n"), new.split("\n")
    matcher = SequenceMatcher(None, before, after)
    found = []
    for group in matcher.get_grouped_opcodes(context):
        lines: list[Line] = []
        for what, a, b, c, d in group:
            if what == "equal":
                lines += [(" ", line) for line in before[a:b]]
            else:
                lines += [("-", line) for line in before[a:b]]
                lines += [("+", line) for line in after[c:d]]
        a, b, c, d = group[0][1], group[-1][2], group[0][3], group[-1][4]
        title = f"@@ -{a + 1},{b - a} +{c + 1},{d - c} @@"
        found.append(Hunk(title, "", a + 1, c + 1, tuple(lines)))
    return tuple(found)


@lru_cache(maxsize=256)
def _spans(lines: tuple[Line, ...]) -> list[list[list[int]]]:
    """Per line, what changed within it: runs of old lines are paired with the new after them.

    Only the first sixty thousand characters of a hunk are looked at so closely.
    """
    found: list[list[list[int]]] = [[] for _ in lines]
    looked = 0
    for gone, come in _pairs(lines):
        a, b = lines[gone][1], lines[come][1]
        looked += len(a) + len(b)
        if looked > MOST_COMPARED:
            break
        found[gone], found[come] = _within(a, b)
    return found


def _pairs(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    place = 0
    while place < len(lines):
        start = place
        while place < len(lines) and lines[place][0] == "-":
            place += 1
        middle = place
        while place < len(lines) and lines[place][0] == "+":
            place += 1
        yield from zip(range(start, middle), range(middle, place), strict=False)
        place += place == start


def _within(a: str, b: str) -> tuple[list[list[int]], list[list[int]]]:
    """The spans of two lines that differ, by words; none where hardly anything is shared."""
    left, right = WORDS.findall(a), WORDS.findall(b)
    matcher = SequenceMatcher(None, left, right)
    if matcher.quick_ratio() < 0.3 or matcher.ratio() < 0.3:
        return [], []
    gone, come = [], []
    for what, i, j, k, m in matcher.get_opcodes():
        if what != "equal":
            gone.append(_place(left, i, j))
            come.append(_place(right, k, m))
    return [s for s in gone if s[0] < s[1]], [s for s in come if s[0] < s[1]]


def _place(words: Sequence[str], start: int, end: int) -> list[int]:
    before = sum(map(len, words[:start]))
    return [before, before + sum(map(len, words[start:end]))]
