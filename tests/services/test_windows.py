"""Two windows, an edit in between, a lapsed lease: what is confirmed stands, counts are kept."""

import asyncio
import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from core.protocol import from_yaml
from core.services import answering, assignment, material, runs, studies
from core.services.answering import Conflict, Reworded
from core.services.outcomes import Finished, Outcomes
from core.services.studies import Refused
from core.workers.base import load
from storage import judgments
from storage import runs as run_rows
from storage import studies as study_rows
from storage.tables import Assignment, Judgment, Unit
from tests.services.conftest import ANA, BEN, EVA, PROTOCOL

A, B = {"winner": "a"}, {"winner": "b"}
J, U, S = Judgment.__table__, Unit.__table__, Assignment.__table__


def lapse(db):
    with db.write() as connection:
        connection.execute(update(S).values(lease_until=1))


def counted(db):
    """Every unit's `taken` is the number of its assignments that are counted; returns them."""
    with db.read() as connection:
        units = connection.execute(select(U.c.id, U.c.taken, U.c.closed)).all()
        held = connection.execute(
            select(S.c.unit, func.count().label("n"))
            .where(S.c.state.in_(["reserved", "submitted"]))
            .group_by(S.c.unit)
        ).all()
    taken, closed = {u.id: u.taken for u in units}, {u.id: u.closed for u in units}
    live = {row.unit: row.n for row in held}
    assert taken == {unit: live.get(unit, 0) for unit in taken}
    assert closed == {unit: int(n >= 2) for unit, n in taken.items()}
    return taken


def reword(db, **changes):
    study = studies.load(db, "small")
    text = PROTOCOL
    for old, new in changes.values():
        text = text.replace(old, new)
    return studies.edit(db, ANA, "small", from_yaml(text), study.version)


def late(db):
    """Ana's late answer to a unit that two others have answered; the ticket of it."""
    held = assignment.current(db, ANA, "small")
    lapse(db)
    for who in (BEN, EVA):
        answering.submit(db, who, assignment.current(db, who, "small"), {"better": A})
    answering.submit(db, ANA, held, {"better": A})
    found = assignment.at(db, ANA, "small", 1)
    assert found.state == "late"
    return found


def test_an_answer_never_counts_for_a_wording_that_was_not_shown(db, study):
    held = assignment.current(db, ANA, "small")
    assignment.save_draft(db, ANA, held, {"better": A, "why": "half"})
    reword(db, title=("Which is better", "Which is worse"))
    with pytest.raises(Reworded, match="changed while"):
        answering.submit(db, ANA, held, {"better": A})
    again = assignment.at(db, ANA, "small", held.place)
    assert again.unit.questions[0].title == "Which is worse"
    assert again.draft == {"why": "half"}
    assert answering.submit(db, ANA, again, {"better": B}).stored == 1


def test_an_added_question_is_not_passed_by(db, study):
    held = assignment.current(db, ANA, "small")
    extra = "  - {kind: label, name: sure, title: Sure, labels: [yes1, no1]}\n"
    reword(db, more=("  - {kind: text", extra + "  - {kind: text"))
    with pytest.raises(Reworded):
        answering.submit(db, ANA, held, {"better": A})


def test_undo_of_an_answer_to_an_older_wording_is_refused(db, study):
    held = assignment.current(db, ANA, "small")
    answering.submit(db, ANA, held, {"better": A})
    seen = assignment.at(db, ANA, "small", 1)
    reword(db, title=("Which is better", "Which is worse"))
    with pytest.raises(Reworded):
        answering.undo(db, ANA, "small", seen)


def test_a_window_left_behind_is_not_told_that_its_answer_stands(db, study):
    old = assignment.current(db, ANA, "small")
    answering.submit(db, ANA, old, {"better": A})
    seen = assignment.at(db, ANA, "small", 1)
    answering.submit(db, ANA, seen, {"better": B})
    for window in (old, seen):
        with pytest.raises(Conflict):
            answering.submit(db, ANA, window, {"better": A})
    with pytest.raises(Conflict):
        answering.undo(db, ANA, "small", seen)
    assert assignment.at(db, ANA, "small", 1).answers == {"better": B}


def test_undo_in_two_windows_withdraws_once(db, study):
    answering.submit(db, ANA, assignment.current(db, ANA, "small"), {"better": A})
    seen = assignment.at(db, ANA, "small", 1)
    answering.undo(db, ANA, "small", seen)
    opened = answering.undo(db, ANA, "small", seen)
    answering.submit(db, ANA, opened, {"better": B})
    with pytest.raises(Conflict):
        answering.undo(db, ANA, "small", seen)
    found = assignment.at(db, ANA, "small", 1)
    assert found.state == "submitted" and found.answers == {"better": B}
    counted(db)


def test_a_late_answer_corrected_is_still_late(db, study):
    seen = late(db)
    answering.submit(db, ANA, seen, {"better": B})
    assert assignment.at(db, ANA, "small", 1).state == "late"
    counted(db)


def test_a_late_answer_taken_back_leaves_the_counts_alone(db, study):
    opened = answering.undo(db, ANA, "small", late(db))
    assert opened.state == "released" and opened.draft == {"better": A}
    counted(db)
    lapse(db)
    assignment.current(db, ANA, "small")
    counted(db)


def test_a_late_answer_is_not_skipped(db, study):
    with pytest.raises(Refused, match="undo it first"):
        answering.skip(db, ANA, late(db), "unclear")


def test_a_lapsed_unit_that_is_skipped_does_not_come_back(db, study):
    held = assignment.current(db, ANA, "small")
    lapse(db)
    assignment.current(db, BEN, "small")
    answering.skip(db, ANA, held, "unclear")
    assert assignment.current(db, ANA, "small").unit_id != held.unit_id
    counted(db)


def test_a_smaller_overlap_is_kept_when_a_reservation_goes(db, study):
    for who in (ANA, BEN):
        assignment.current(db, who, "small")
    reword(db, policy=("overlap: 2", "overlap: 1"))
    answering.skip(db, ANA, assignment.current(db, ANA, "small"), "unclear")
    with db.read() as connection:
        first = connection.execute(select(U.c.taken, U.c.closed).order_by(U.c.id)).first()
    assert tuple(first) == (1, 1)


def test_a_forged_ticket_reaches_nobody_elses_unit(db, study):
    hers, mine = (assignment.current(db, who, "small") for who in (ANA, BEN))
    forged = (
        replace(mine, id=hers.id), replace(mine, rater=hers.rater, id=hers.id),
        replace(mine, unit_id=mine.unit_id + 1),
    )  # fmt: skip
    for ticket in forged:
        for move in (
            lambda t: answering.submit(db, BEN, t, {"better": A}),
            lambda t: assignment.save_draft(db, BEN, t, {"better": A}),
            lambda t: answering.skip(db, BEN, t, "unclear"),
        ):
            with pytest.raises(Refused, match="somebody else"):
                move(ticket)
    assert assignment.current(db, ANA, "small").draft == {}


def test_a_reader_sees_one_snapshot(db, study):
    """Else a log that grows while it is checked would look longer than its study says."""
    with db.read() as connection:
        before = judgments.revision(connection, study.id)
        answering.submit(db, ANA, assignment.current(db, ANA, "small"), {"better": A})
        assert list(judgments.verify(connection, study.id)) == [] and before == 0
        assert connection.execute(select(func.count()).select_from(J)).scalar_one() == 0


def test_who_decides_by_the_study_waits_for_who_changes_it(db, study):
    held = assignment.current(db, ANA, "small")
    found = []

    def answer():
        try:
            found.append(answering.submit(db, ANA, held, {"better": A}))
        except Refused as error:
            found.append(str(error))

    with db.write() as connection:
        now = studies.load(db, "small", connection, lock=True)
        study_rows.change(connection, now.id, state="closed")
        other = threading.Thread(target=answer)
        other.start()
        other.join(0.5)
        assert found == []
    other.join()
    assert "closed" in found[0]


def test_a_rater_and_a_wording_are_written_once_by_many(db, study):
    made = []

    def write():
        with db.write() as connection:
            rater = study_rows.rater(connection, study.id, "person", "zoe")
            made.append((rater, study_rows.wording(connection, "d" * 64, "x", "text", {})))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1


def test_a_models_answer_to_an_older_wording_stays_with_that_wording(db, study):
    """The study is edited between the call and the storing of its answer."""
    worker = load({"kind": "longer", "name": "longer"})
    run = runs.start(db, ANA, "small", worker)
    with db.write() as connection:
        (task,) = run_rows.claim(connection, run, 1)
        asked = material.read_unit(connection, study, task.unit)
        rater = study_rows.rater_key(connection, study.id, "rule", worker.digest)
    reword(db, title=("Which is better", "Which is worse"))
    done = Finished(task.id, task.owner, task.unit, asked, "done")
    done.drafts = asyncio.run(worker.work(asked, None))
    with db.write() as connection:
        assert Outcomes(db, "small", worker, rater, run, False).store(connection, [done]) == [True]
        wording = connection.execute(select(J.c.question)).scalar_one()
    assert wording == study.wordings[asked.questions[0].digest]
    now = studies.load(db, "small")
    assert wording != now.wording(now.protocol.question("better"))


def test_a_ticket_holds_no_known_answer_and_no_source(db, study):
    held = assignment.current(db, ANA, "small")
    assert held.unit.gold == {} and {o.source for o in held.unit.outputs} == {""}
    with db.read() as connection:
        assert material.read_unit(connection, study, held.unit_id).gold != {}
