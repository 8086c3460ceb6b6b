"""Marked places held against known ones: spans of a text, boxes on a picture."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.boxes import iou, name, paired, place
from core.places import overlap, place_of
from core.questions.grades import Grade, Told, f1, instead, lacking, needless

SHOWN = 60


def tidied(value: Mapping[str, Any]) -> dict[str, Any]:
    """A marked text whose spans neither begin nor end with blanks; spans of blanks stay."""
    spans = []
    for span in value["spans"]:
        quote = span["quote"]
        before = len(quote) - len(quote.lstrip()) if quote.strip() else 0
        after = len(quote) - len(quote.rstrip()) if quote.strip() else 0
        spans.append({**span, "start": span["start"] + before, "end": span["end"] - after,
                      "quote": quote[before : len(quote) - after]})  # fmt: skip
    return {"spans": spans, "missing": value["missing"]}


def span_words(known: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Told]:
    """What differs between two marked texts, span by span, in the order of the known one."""
    right, own = ({_mark(span): span for span in one["spans"]} for one in (known, given))
    left = {mark: span for mark, span in own.items() if mark not in right}
    for mark, span in right.items():
        if mark in own:
            continue
        near = [(m, s) for m, s in left.items() if _share(span, s)]
        near.sort(key=lambda one: one[1]["type"] != span["type"])
        if not near:
            yield lacking(_called(span))
            continue
        found = left.pop(near[0][0])
        if found["type"] == span["type"]:
            yield instead(span["type"], _quoted(span), _quoted(found))
        else:
            yield instead(_quoted(found), span["type"], found["type"])
    yield from (needless(_called(span)) for span in left.values())
    lacks, said = (Counter(p["type"] for p in one["missing"]) for one in (known, given))
    yield from (lacking(kind) for kind in (lacks - said).elements())
    yield from (needless(kind) for kind in (said - lacks).elements())


def _mark(span: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*place_of(span), span["start"], span["end"], span["type"])


def _share(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two spans share a character."""
    first, second = sorted((one, other), key=lambda span: int(span["start"]))
    return overlap(first, second)


def _quoted(span: Mapping[str, Any]) -> str:
    return f"“{span['quote'][:SHOWN]}”"


def _called(span: Mapping[str, Any]) -> str:
    return f"{span['type']}: {_quoted(span)}"


def boxes_grade(known: Mapping[str, Any], given: Mapping[str, Any]) -> Grade:
    """F1 of boxes and relations together.

    A box is right where one with the same label shares half of it (an IoU of 0.5 or more, as in
    Everingham and others 2010), each box in one pair; a relation where its ends are paired and it
    has the same label.
    """
    right, own = known["boxes"], given["boxes"]
    pairs = paired(right, own)
    ids = {right[a]["id"]: own[b]["id"] for a, b in pairs}
    names = {box["id"]: name(box) for box in right}
    related = {(one["from"], one["to"], one["label"]) for one in given["relations"]}
    wanted = [((ids.get(one["from"]), ids.get(one["to"]), one["label"]), one)
              for one in known["relations"]]  # fmt: skip
    hits = len(pairs) + sum(key in related for key, _ in wanted)
    many = len(right) + len(wanted), len(own) + len(related)
    differs = list(_box_words(right, own, pairs))
    differs += [lacking(_relation(one, names)) for key, one in wanted if key not in related]
    known_keys, called = {key for key, _ in wanted}, {box["id"]: name(box) for box in own}
    differs += [needless(_relation(one, called)) for one in given["relations"]
                if (one["from"], one["to"], one["label"]) not in known_keys]  # fmt: skip
    return Grade(f1(hits, *many), tuple(differs))


def _box_words(
    right: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]],
    pairs: Sequence[tuple[int, int]],
) -> Iterator[Told]:  # fmt: skip
    """What became of the boxes without a partner: another label, another place, or none."""
    found = {a for a, _ in pairs}
    left = {n: box for n, box in enumerate(own) if n not in {b for _, b in pairs}}
    for number, box in enumerate(right):
        if number in found:
            continue
        near = sorted(left, key=lambda n: -iou(box, left[n]))
        other = next((n for n in near if iou(box, left[n]) >= 0.5), None)
        same = next((n for n in near if left[n]["label"] == box["label"]
                     and iou(box, left[n]) > 0), None)  # fmt: skip
        if other is not None:
            yield instead(place(box), name(box), name(left.pop(other)))
        elif same is not None:
            yield instead(name(box), place(box), place(left.pop(same)))
        else:
            yield lacking((name(box), place(box)))
    for box in left.values():
        yield needless((name(box), place(box)))


def _relation(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    words = f": {one['label']}" if one["label"] else ""
    return f"{names[one['from']]} → {names[one['to']]}{words}"
