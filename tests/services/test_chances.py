"""By what chance units were given out, followed from the tail: always what a full recount says."""

import random

import numpy as np
import pytest
from sqlalchemy import update

from core.protocol import from_data
from core.services import (
    answering,
    assignment,
    consent,
    happened,
    rewording,
    studies,
    team,
    weighting,
)
from core.services.access import Identity
from core.services.answering import Conflict, Reworded
from core.services.studies import Refused
from storage import draws
from storage.studies import rater_key
from storage.tables import Assignment
from tests.services.answers import answer
from tests.services.conftest import ANA
from tests.services.test_assignment import opened

S = Assignment.__table__
PEOPLE = [Identity(f"p{n}") for n in range(4)]
WINNERS = [{"winner": "a"}, {"winner": "b"}, {"winner": None, "verdict": "tie"}]
POLICY = "{overlap: 2, order: jury, epsilon: 0.2}"
UNITS = 40


class Crowd:
    """People who answer, leave units, come late, correct, take back and are given work by hand."""

    def __init__(self, db, seed):
        self.db, self.chance = db, random.Random(seed)
        self.held = {who.name: [] for who in PEOPLE}

    def step(self):
        """One thing that one of them does; what is refused is no step."""
        who = self.chance.choice(PEOPLE)
        acts = [self.take, self.submit, self.submit, self.submit, self.correct, self.undo,
                self.skip, self.expire, self.give, self.hand_on, self.models]  # fmt: skip
        try:
            self.chance.choice(acts)(who)
        except (Refused, Conflict, Reworded):
            return

    def ticket(self, who):
        """A unit that the person was given, now or long ago."""
        if not self.held[who.name]:
            self.take(who)
        known = self.held[who.name]
        place = self.chance.choice(known).place if known else 0
        return assignment.at(self.db, who, "small", place)

    def take(self, who):
        held = assignment.current(self.db, who, "small")
        if held is not None:
            self.held[who.name].append(held)

    def said(self):
        """An answer by chance."""
        return {"better": self.chance.choice(WINNERS)}

    def submit(self, who):
        if (held := self.ticket(who)) is not None and held.state != "submitted":
            answering.submit(self.db, who, held, self.said())
            self.take(who)

    def correct(self, who):
        if (held := self.ticket(who)) is not None and held.answers:
            answering.submit(self.db, who, held, self.said())

    def undo(self, who):
        if (held := self.ticket(who)) is not None:
            answering.undo(self.db, who, "small", held)

    def skip(self, who):
        if (held := self.ticket(who)) is not None:
            answering.skip(self.db, who, held, "unclear")

    def expire(self, who):
        """All leases have run out, and somebody's units are given to others."""
        with self.db.write() as connection:
            connection.execute(update(S).values(lease_until=1))
            assignment.assignments.release_expired(connection, 1, 0, 2)

    def give(self, who):
        team.give(self.db, ANA, "small", who.name, self.chance.randint(1, 3))

    def hand_on(self, who):
        others = [one.name for one in PEOPLE if one != who]
        team.move(self.db, ANA, "small", who.name, others)

    def models(self, who):
        study = studies.load(self.db, "small")
        unit = f"item-{self.chance.randrange(UNITS)}"
        name = f"m{self.chance.random()}"
        answer(self.db, study, "better", "model", name, {unit: self.chance.choice(WINNERS)})


def both(db):
    """The weighted numbers as followed, and as counted from everything."""
    followed = weighting.weights(db, ANA, "small")
    kept = dict(db.cache)
    db.cache.clear()
    full = weighting.weights(db, ANA, "small")
    whole = db.cache["chances", 1][1]
    db.cache.clear()
    db.cache.update(kept)
    return followed, full, db.cache["chances", 1][1], whole


def study_of(db):
    judged(db, opened(db, POLICY, UNITS))


def judged(db, study):
    """Two models differ on most units, so that a draw by their doubt is uneven."""
    wins = {f"item-{n}": WINNERS[n % 3] for n in range(UNITS)}
    answer(db, study, "better", "model", "m1", wins)
    answer(db, study, "better", "model", "m2", {key: WINNERS[0] for key in wins})


@pytest.mark.parametrize("seed", range(3))
def test_what_is_followed_is_what_a_full_recount_says(db, seed, monkeypatch):
    study_of(db)
    reads = []
    given = draws.given
    monkeypatch.setattr(draws, "given", lambda *a: (reads.append(1), given(*a))[1])
    crowd, revision, compared = Crowd(db, seed), -1, 0
    for _ in range(90):
        crowd.step()
        now = studies.load(db, "small").revision
        if now == revision:
            continue  # the log has not moved: what was seen stands
        revision = now
        before = len(reads)
        followed, full, live, whole = both(db)
        if whole.given is None:
            assert followed is full is None
            continue
        compared += 1
        assert len(reads) - before <= (1 if compared > 1 else 2)  # that of the full recount
        assert weighting.flat(followed) == weighting.flat(full) if full else followed is None
        assert followed == full
        assert names(live) == names(whole)
        one, other = live.given.drawn, whole.given.drawn
        for name in ("unit", "at", "weight", "open", "part", "count", "closings", "closed"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        for a, b in zip((*one.own, *one.block), (*other.own, *other.block), strict=True):
            assert np.array_equal(a, b)
    assert compared > 20


def names(live):
    """Rows with the names of their reasons and policies."""
    known = list(live.names)
    return [
        (*row[:3], str(row[3]), *row[4:6], known[row[6]], known[row[7]])
        for row in live.rows.rows.tolist()
    ]


def worked(db):
    """A study in which all people have answered some units, and the first has passed one by."""
    study_of(db)
    crowd = Crowd(db, 1)
    for who in PEOPLE * 3:
        crowd.submit(who)
    answering.skip(db, PEOPLE[0], assignment.current(db, PEOPLE[0], "small"), "unclear")
    crowd.submit(PEOPLE[1])
    weighting.weights(db, ANA, "small")
    with db.read() as connection:
        return crowd, [rater_key(connection, 1, "person", who.name) for who in PEOPLE]


def agreed(db):
    """What is followed, after it was compared with a full recount."""
    followed, full, live, whole = both(db)
    assert followed == full and names(live) == names(whole)
    return [row[2:] for row in names(live)]


def test_units_of_who_leaves_the_study_are_seen_to_be_let_go_of(db):
    _, raters = worked(db)
    assert any(row[0] == raters[0] for row in agreed(db))
    consent.withdraw(db, PEOPLE[0], "small")
    assert not any(row[0] == raters[0] for row in agreed(db))


def test_places_that_a_new_wording_opens_are_seen(db):
    crowd, raters = worked(db)
    study = studies.load(db, "small")
    data = study.protocol.data()
    data["questions"][0]["title"] = "Which is best"
    studies.edit(db, ANA, "small", from_data(data), study.version)
    weighting.weights(db, ANA, "small")
    team.block(db, ANA, "small", PEOPLE[3].name)
    asked = rewording.ask_anew(db, ANA, "small")
    assert asked.given and asked.opened
    crowd.models(PEOPLE[1])  # the log moves
    assert {row[2] for row in agreed(db) if row[0] == raters[3]} == {False}


def test_nothing_is_read_until_something_is_drawn(db, monkeypatch):
    study = opened(db, "{overlap: 2, order: shared}", UNITS)
    judged(db, study)
    monkeypatch.setattr(draws, "given", None)  # to call it would fail
    crowd = Crowd(db, 3)
    for _ in range(5):
        crowd.submit(PEOPLE[0])
        assert weighting.weights(db, ANA, "small") is None
    monkeypatch.undo()
    data = study.protocol.data()
    data["assignment"] = {"overlap": 2, "order": "jury"}
    studies.edit(db, ANA, "small", from_data(data), study.version)
    with monkeypatch.context() as patch:
        patch.setattr(draws, "given", None)
        assert weighting.weights(db, ANA, "small") is None
    crowd.submit(PEOPLE[1])
    crowd.submit(PEOPLE[1])
    with db.read() as connection:
        assert draws.drawn(connection, study.id)
    followed, full, _, _ = both(db)
    assert followed == full and followed.drawn


def test_an_event_that_is_seen_late_is_not_passed_by(db, monkeypatch):
    monkeypatch.setattr(happened, "LATE", 50)
    study_of(db)
    who = PEOPLE[0]
    held = assignment.current(db, who, "small")
    answering.submit(db, who, held, {"better": WINNERS[0]})
    weighting.weights(db, ANA, "small")
    live = db.cache["chances", 1][1]
    held = assignment.current(db, who, "small")
    answering.skip(db, who, held, "unclear")
    live.moves.events.newest += 30  # as if later numbers had been seen first
    held = assignment.current(db, who, "small")
    answering.submit(db, who, held, {"better": WINNERS[1]})
    followed, full, live, whole = both(db)
    assert followed == full and names(live) == names(whole)
    assert [row[5] for row in names(live)].count(True) == 1
