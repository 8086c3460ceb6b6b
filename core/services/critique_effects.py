"""What became of a response, by what people held of the critique that its revision followed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from core.services import analysis, revisions, slots, studies
from core.services.access import Identity
from core.services.slots import Aspect
from core.services.studies import Study
from core.services.tables import follower
from core.statistics.table import MISSING
from core.statistics.transitions import MOVES, Transitions, transitions
from storage.database import Database

NOT_JUDGED = "(no majority of people)"


@dataclass(frozen=True, slots=True)
class Followed:
    """How revisions went whose critique people gave a label, as one rater sees both sides.

    `question` is the one about responses, `critique` the one about critiques, or about each of
    their claims. `revisions` is how many revisions followed such a critique.
    """

    question: str
    critique: str
    label: str
    by: str
    kind: str
    revisions: int
    moves: Transitions


def followed(db: Database, who: Identity, study: str, question: str | None = None
             ) -> list[Followed]:  # fmt: skip
    """Every question about responses with every question about the critiques between them.

    The label is that of the majority of people. Where each claim is judged, a revision counts once
    under every label that a claim of its critique has, so the rows of labels overlap. Revisions
    whose critique has no majority stand in a row of their own. [] without revisions of responses
    by way of critiques that people judged. Raises `Denied` and `NoStudy`.
    """
    now = studies.load(db, study)
    with db.read() as connection:
        links = revisions.chains(db, connection, now)
    if not len(links):
        return []
    asked = [a for a in slots.aspects(now) if not a.slot and question in (None, a.name)]
    found: list[Followed] = []
    for aspect in asked:
        found += _of(db, who, now, aspect, links)
    return found


def _of(
    db: Database, who: Identity, study: Study, asked: Aspect, links: revisions.Ints
) -> Iterator[Followed]:  # fmt: skip
    with analysis.following(db, who, study.key, asked.name) as (now, _, sheet):
        pairs, places = revisions.nearest(db, now, sheet, links)
        labels = list(sheet.table.labels)
        sides = [
            (name, kind, codes[places[:, 0]], codes[places[:, 1]])
            for name, kind, codes in revisions.by_rater(sheet.table)
        ]
    between = _between(pairs, links)
    if not any(between):
        return
    good = {labels.index(label) for label in revisions.usual(labels)}
    for aspect in slots.aspects(study):
        if aspect.question.name == asked.question.name:
            continue
        held = _labels(db, who, study, aspect, {unit for units in between for unit in units})
        if not held:
            continue
        said = [set[str]().union(*(held.get(unit, set()) for unit in units)) or {NOT_JUDGED}
                for units in between]  # fmt: skip
        for label in [*aspect.scale().labels, NOT_JUDGED]:
            here = np.array([label in own for own in said], bool)
            if not here.any():
                continue
            for name, kind, before, after in sides:
                if ((before[here] != MISSING) & (after[here] != MISSING)).any():
                    yield Followed(
                        asked.name, aspect.name, label, name, kind, int(here.sum()),
                        transitions(before[here], after[here], good),
                    )  # fmt: skip


def _between(pairs: revisions.Ints, links: revisions.Ints) -> list[set[int]]:
    """The units that show what lies between before and after, for each pair."""
    above: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for before, after, steps in links.tolist():
        above[after].append((steps, before))
    return [
        {unit for steps, unit in above[after] if steps < far}
        for _, after, far in pairs.tolist()
    ]  # fmt: skip


def _labels(
    db: Database, who: Identity, study: Study, aspect: Aspect, wanted: set[int]
) -> dict[int, set[str]]:
    """The labels that most people gave each of these units, or its claims; none: left out."""
    votes: dict[tuple[int, str], Counter[int]] = defaultdict(Counter)
    with analysis.following(db, who, study.key, aspect.name) as (now, _, sheet):
        if aspect.slot:
            with db.read() as connection:
                given = _slot_votes(db, connection, now, aspect)
        else:
            live = follower(db, now)
            places = {int(p): int(u) for u, p in zip(live.units[:, 0], sheet.place, strict=True)
                      if p != MISSING and int(u) in wanted}  # fmt: skip
            counts = sheet.table.patterns["people"].counts
            given = {
                (unit, ""): {k: int(n) for k, n in enumerate(counts[place]) if n}
                for place, unit in places.items()
            }
        for (unit, part), codes in given.items():
            if unit in wanted:
                votes[unit, part].update(codes)
    names = aspect.scale().labels
    found: dict[int, set[str]] = {}
    for (unit, _), counted in votes.items():
        most = counted.most_common(2)
        if most and (len(most) == 1 or most[0][1] > most[1][1]):
            found.setdefault(unit, set()).add(names[most[0][0]])
    return found


def _slot_votes(
    db: Database, connection: Connection, study: Study, aspect: Aspect
) -> dict[tuple[int, str], dict[int, int]]:
    """How many people gave each code of a slot, by unit and place."""
    live = follower(db, study)
    codes, rows = slots.answered(db, connection, study, live, aspect)
    raters = live.raters_of(connection, study, {int(r) for r in codes[:, 1]})
    found: dict[tuple[int, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row, rater, repeat, code in codes.tolist():
        if repeat == 0 and raters[rater].person:
            found[rows[row]][code] += 1
    return found


def flat(found: Sequence[Followed]) -> list[dict[str, Any]]:
    """The rows with every share, its interval and n, for a table or a file."""
    lines = []
    for one in found:
        line: dict[str, Any] = {
            "question": one.question, "critique": one.critique, "label": one.label, "by": one.by,
            "kind": one.kind, "revisions": one.revisions,
        }  # fmt: skip
        shares: Mapping[str, Any] = {
            **{move: one.moves.ratios[move] for move in MOVES}, "mended": one.moves.mended,
            "kept": one.moves.kept, "change": one.moves.change,
        }  # fmt: skip
        for name, share in shares.items():
            line |= {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high,
                     f"{name}_n": share.n}  # fmt: skip
        line |= {f"{move}_count": one.moves.counts[move] for move in MOVES}
        lines.append(line)
    return lines
