"""Boxes on a picture or a canvas: how much they share, and what is wrong with them.

A box has x, y, w and h from 0 to 100: per cent of the width and the height, counted from the upper
left corner, whatever the size and the form of what it lies on.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from core.content.canvas import LEAST_OVERLAP, overlap
from core.telling import Told

Box = Mapping[str, Any]
MANY_BOXES = 1000  # more than any answer has: one more pair outweighs all shares


def sides(box: Box) -> tuple[float, float, float, float]:
    """x, y, w and h."""
    return box["x"], box["y"], box["w"], box["h"]


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    shared = overlap(sides(a), sides(b)) * min(a["w"] * a["h"], b["w"] * b["h"])
    union = a["w"] * a["h"] + b["w"] * b["h"] - shared
    return min(shared / union, 1.0) if union > 0 else 0.0


def apart(one: Sequence[Box], other: Sequence[Box]) -> float:
    """1 - mean IoU of the best one-to-one matching of boxes with the same label.

    A box without a partner counts as one with an IoU of 0. Two empty sets are 0 apart.
    """
    from scipy.optimize import linear_sum_assignment  # slow to import

    total, many = 0.0, 0
    for label in {box["label"] for box in (*one, *other)}:
        a = [box for box in one if box["label"] == label]
        b = [box for box in other if box["label"] == label]
        many += max(len(a), len(b))
        shares = [[iou(x, y) for y in b] for x in a]
        if a and b:
            rows, columns = linear_sum_assignment(shares, maximize=True)
            total += sum(shares[row][column] for row, column in zip(rows, columns, strict=True))
    return max(0.0, 1 - total / many) if many else 0.0


def paired(one: Sequence[Box], other: Sequence[Box], least: float = 0.5) -> list[tuple[int, int]]:
    """The one-to-one pairs of boxes with the same label and an IoU of `least` or more.

    As many as there can be, and of these the ones that share most; places in the two lists.
    """
    from scipy.optimize import linear_sum_assignment  # slow to import

    shares = [[iou(a, b) if a["label"] == b["label"] else 0.0 for b in other] for a in one]
    if not one or not other:
        return []
    gains = [[MANY_BOXES + s if s >= least else 0.0 for s in row] for row in shares]
    rows, columns = linear_sum_assignment(gains, maximize=True)
    return [(int(a), int(b)) for a, b in zip(rows, columns, strict=True) if shares[a][b] >= least]


def overlaps(boxes: Sequence[Box]) -> list[Told]:
    """Which boxes overlap, in words: by more than a tenth of the smaller, neither in the other."""
    return [
        Told(
            "{one} and {other} overlap by {share}", one=name(a), other=name(b), share=f"{share:.0%}"
        )
        for a, b in combinations(boxes, 2)
        if LEAST_OVERLAP < (share := overlap(sides(a), sides(b))) < 1
    ]


def changes(before: Sequence[Box], after: Sequence[Box]) -> list[Told]:
    """What became of proposed boxes, in words, with the IoU of each that was moved."""
    old, new = ({box["id"]: box for box in boxes} for boxes in (before, after))
    said = []
    for key, box in new.items():
        was = old.get(key)
        if was is None:
            said.append(Told("{box} added at {place}", box=name(box), place=place(box)))
            continue
        if box["label"] != was["label"]:
            said.append(Told("{old} is now {box}", old=name(was), box=name(box)))
        if sides(box) != sides(was):
            words, share = "{box} moved to {place} (IoU {share})", f"{iou(was, box):.2f}"
            said.append(Told(words, box=name(box), place=place(box), share=share))
    said += [Told("{box} removed", box=name(box)) for key, box in old.items() if key not in new]
    return said


def name(box: Box) -> str:
    """What a box is called: its label, else its id."""
    return str(box["label"] or box["id"])


def place(box: Box) -> str:
    """Where a box lies and how large it is."""
    return "({:g}, {:g}, {:g} × {:g})".format(*sides(box))
