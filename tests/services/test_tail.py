"""What pages show follows the tail of the log: always what counting everything anew says."""

from contextlib import suppress

import pytest

from core.protocol import from_data
from core.services import (
    analysis,
    answering,
    assignment,
    by_unit,
    cases,
    consent,
    effects,
    exports,
    overview,
    quality,
    review,
    rewording,
    slots,
    studies,
)
from core.services.exports import Choice
from core.services.studies import Refused
from storage import frames
from storage.database import Database
from tests.services.answers import answer
from tests.services.conftest import ANA
from tests.services.test_chances import PEOPLE, WINNERS, Crowd
from tests.services.test_rounds import opened

CHECKS = """{attention_share: 0.2, retest_share: 0.2, retest_gap: 1, minimum_seconds: 0,
  rounds: [{name: warm_up}]}"""
MORE = """
reveal: {mode: arms, shares: {after: 3, before: 1, never: 1}}
experiment: {design: within, arms: [{name: full}, {name: bare, hide: [prompt]}]}
"""
FAULTS = {"kind": "multilabel", "name": "faults", "title": "Faults", "labels": ["long", "rude"],
          "required": False}  # fmt: skip
UNITS, USES = 12, ["attention", "warm_up"]


class Busy(Crowd):
    """People who judge, and a researcher who reviews and edits."""

    def step(self):
        """Mostly somebody goes on with what they were given."""
        if self.chance.random() < 0.5:
            who = self.chance.choice(PEOPLE)
            consent.give(self.db, who, "small")  # who has left comes back
            held = assignment.current(self.db, who, "small")
            if held is not None:
                self.held[who.name].append(held)
                answering.submit(self.db, who, held, self.said())
        else:
            super().step()

    def said(self):
        faults = self.chance.choice([["long"], ["rude"], ["long", "rude"], None])
        return super().said() | ({"faults": faults} if faults else {})

    def models(self, who):
        study = studies.load(self.db, "small")
        given = {f"i{self.chance.randrange(UNITS)}": self.chance.choice(WINNERS)}
        answer(self.db, study, "better", self.chance.choice(["model", "rule"]),
               f"m{self.chance.randrange(3)}", given)  # fmt: skip

    def review(self):
        """Give a cause, or say which answer holds, or take it back."""
        listed = cases.queue(self.db, ANA, "small", "better", "all").cases
        case = self.chance.choice(listed) if listed else None
        if case is None or self.chance.random() < 0.5:
            unit = case.unit_id if case else 1
            cause = self.chance.choice(["slip", "bad item", ""])
            review.give_cause(self.db, ANA, "small", "better", unit, cause)
            return
        seen = review.detail(self.db, ANA, "small", "better", case.unit_id)
        value = self.chance.choice([*WINNERS[:2], None])
        review.adjudicate(self.db, ANA, "small", seen, value)

    def edit(self, name, **changes):
        """Save another version of the study."""
        study = studies.load(self.db, "small")
        data = study.protocol.data()
        asked = next(one for one in data["questions"] if one["name"] == name)
        studies.edit(self.db, ANA, "small", from_data(data | {"questions": [
            one | changes if one is asked else one for one in data["questions"]
        ]}), study.version)  # fmt: skip


def seen(db):
    """What the pages show."""
    queues = [
        cases.queue(db, ANA, "small", name, kind)
        for name in ("better", "faults", "faults.long")
        for kind in ("people-models", "people", "all")
    ]  # fmt: skip
    slot = analysis.agreement(db, ANA, "small", "faults.long")
    return {
        # an undefined error is NaN, which equals nothing: so as text
        "slot": (repr(slot.pairs), [(one.name, one.n, one.seconds) for one in slot.raters]),
        "queues": queues,
        "causes": review.causes(db, ANA, "small"),
        "reveal": effects.of_reveal(db, ANA, "small", "better"),
        "arms": effects.of_arms(db, ANA, "small", "better"),
        "people": quality.table(db, ANA, "small"),
        "lines": exports.first_lines(db, ANA, "small", Choice("csv"), 10_000),
        "home": [overview.overview(db, who, "small") for who in PEOPLE],
        "reworded": rewording.outdated(db, ANA, "small"),
    }


def check(db):
    """What was followed equals what is counted anew; the latter."""
    followed = seen(db)
    kept = dict(db.cache)
    db.cache.clear()
    full = seen(db)
    db.cache.clear()
    db.cache.update(kept)
    for name in full:
        assert followed[name] == full[name], name
    return full


@pytest.mark.parametrize("seed", range(2))
def test_what_is_followed_is_what_counting_anew_says(sqlite_url, seed, monkeypatch):
    if seed:  # so many at once are counted anew
        monkeypatch.setattr(by_unit, "MOST", 1)
        monkeypatch.setattr(slots, "MANY", 1)
    db = Database(sqlite_url)
    study = opened(db, CHECKS, USES, UNITS, more=MORE)
    data = study.protocol.data()
    data["questions"] = [*data["questions"], FAULTS]
    studies.edit(db, ANA, "small", from_data(data), study.version)
    busy, told = Busy(db, seed), []
    for turn in range(90):
        busy.step()
        if turn % 6 == 5:
            with suppress(Refused):
                busy.review()
        if turn == 50:
            busy.edit("better", title="Which is best")
        if turn == 65:
            rewording.ask_anew(db, ANA, "small")
        if turn == 80:
            consent.withdraw(db, PEOPLE[0], "small")
        if turn % 3 == 0:
            told.append(check(db))
    assert any(one["queues"][2].decided for one in told) and any(
        sum(one["causes"].values()) for one in told
    )
    assert any(one["arms"][0].answers and one["reveal"].changed.n for one in told)
    assert any(one["reworded"].questions for one in told)
    people = [person for one in told for person in one["people"]]
    assert any(one.retest.n for one in people) and any(one.attention.n for one in people)
    assert any(one.rounds["warm_up"].n for one in people) and any(one.gold.n for one in people)
    db.close()


def test_a_new_answer_reads_its_own_unit_alone(sqlite_url, monkeypatch):
    db = Database(sqlite_url)
    study = opened(db, "{}", (), UNITS, more=MORE)
    busy = Crowd(db, 1)
    answer(db, study, "better", "model", "m", {f"i{n}": WINNERS[0] for n in range(UNITS)})
    for who in PEOPLE * 3:
        busy.submit(who)
    looks = [lambda: cases.queue(db, ANA, "small", "better"),
             lambda: effects.of_reveal(db, ANA, "small", "better")]  # fmt: skip
    units, given, shown = [], frames.answers, effects.effects.given
    keep = lambda call: lambda *args: (units.append(args[-1]), call(*args))[1]
    monkeypatch.setattr(frames, "answers", keep(given))
    monkeypatch.setattr(effects.effects, "given", keep(shown))
    for look in looks:
        look()
    assert units == [None, None]
    answer(db, study, "better", "model", "m2", {"i3": WINNERS[1]})
    for look in looks * 2:
        look()
    assert [len(part) for part in units[2:]] == [1, 1]
    db.close()
