"""Storing what tasks come to: judgments, outputs and the task's state, in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from core.content.base import UNSTORABLE
from core.services import ballots, details, drafted, studies
from core.services.studies import Study
from core.units import Draft, Unit
from core.workers.base import Worker
from storage import judgments, runs
from storage import studies as study_rows
from storage.database import Database
from storage.judgments import NewJudgment, Stored


@dataclass(slots=True)
class Finished:
    """A task and what came of it: drafts, or the state it goes to with the reason."""

    task: int
    owner: str
    unit_id: int
    unit: Unit
    state: str
    error: str = ""
    drafts: list[Draft] = field(default_factory=list)
    repeat: int = 0


class Outcomes:
    """Writes the outcomes of one run. A task that another runner took over leaves nothing."""

    def __init__(
        self, db: Database, study: str, worker: Worker, rater: int, run: int, fresh: bool
    ) -> None:
        self.db, self.study, self.rater, self.run, self.fresh = db, study, rater, run, fresh
        self.worker = worker
        self.rater_key = f"{worker.rater}:{worker.digest}"

    def store(self, connection: Connection, batch: Sequence[Finished]) -> list[bool]:
        """Store outcomes; False for each task that was no longer held."""
        mine = runs.held(connection, {f.task: f.owner for f in batch})
        kept = [f for f in batch if f.task in mine]
        done = [f for f in kept if f.state == "done"]
        if self.worker.voters():
            self._take_back(connection, [f for f in kept if f.state in {"done", "skipped"}])
        if done:
            study = studies.load(self.db, self.study, connection)
            made = list(self._rows(connection, study, done))
            if made or not self.worker.writes:
                rows = [row for row, _ in made]
                stored = judgments.append(connection, study.id, rows, check=False)
                self._tell(connection, study.id, made, stored)
            drafted.store(connection, study.id, self.worker, self.rater, self.run, self.fresh, done)
            runs.done(connection, {f.task: f.owner for f in done})
        runs.close(
            connection,
            [(f.task, f.owner, f.state, _storable(f.error)) for f in kept if f.state != "done"],
        )
        return [f.task in mine for f in batch]

    def _take_back(self, connection: Connection, decided: Sequence[Finished]) -> None:
        """Withdraw what a panel said where its votes come to no answer any more."""
        standing = runs.standing(connection, self.rater, [f.unit_id for f in decided])
        if not standing:
            return
        study = studies.load(self.db, self.study, connection)
        wordings = self._wordings(connection, study, decided)
        rows = []
        for finished in decided:
            said = {draft.question for draft in finished.drafts}
            for question in finished.unit.questions:
                place = (finished.unit_id, wordings[question.digest], finished.repeat)
                old = standing.get(place)
                if old is not None and not old[2] and question.name not in said:
                    rows.append(NewJudgment(
                        unit=finished.unit_id, unit_key=finished.unit.key, question=place[1],
                        question_digest=question.digest, rater=self.rater,
                        rater_key=self.rater_key, value=None, repeat=finished.repeat,
                        rationale=f"The votes come to no answer any more. {finished.error}".strip(),
                        replaces=old[:2], withdrawn=True, run=self.run,
                    ))  # fmt: skip
        judgments.append(connection, study.id, rows, check=False)

    def _tell(
        self, connection: Connection, study: int, made: Sequence[tuple[NewJudgment, Draft]],
        stored: Sequence[Stored],
    ) -> None:  # fmt: skip
        """Keep what was told beside the judgments."""
        told = [
            (row.unit, place.id, draft)
            for (row, draft), place in zip(made, stored, strict=True) if draft.facts
        ]  # fmt: skip
        details.store(connection, study, (self.rater, self.worker.name), self.run, told)

    def _wordings(
        self, connection: Connection, study: Study, done: Sequence[Finished]
    ) -> Mapping[str, int]:
        """Ids by digest of what the units asked; older wordings too, if the study was edited."""
        asked = {q.digest for f in done for q in f.unit.questions}
        if asked <= study.wordings.keys():
            return study.wordings
        return study_rows.wordings(connection, list(asked))

    def _rows(
        self, connection: Connection, study: Study, done: Sequence[Finished]
    ) -> Iterator[tuple[NewJudgment, Draft]]:
        """New judgments with their drafts.

        What the rater has answered before stays, unless the run asks anew, or a panel's votes are
        others by now.
        """
        standing = runs.standing(connection, self.rater, [f.unit_id for f in done])
        told: Mapping[int, Mapping[str, Any]] = {}
        if self.worker.voters():
            told = details.of_judgments(connection, [row for row, _, _ in standing.values()])
        wordings = self._wordings(connection, study, done)
        for finished in done:
            asked = {question.name: question for question in finished.unit.questions}
            for draft in finished.drafts:
                if draft.role:
                    continue
                question = asked[draft.question]  # the wording that was read, edited or not
                wording = wordings[question.digest]
                old = standing.get((finished.unit_id, wording, draft.repeat))
                if old is not None and not old[2] and not self.fresh:
                    if not self.worker.voters():
                        continue
                    if ballots.same(told.get(old[0], {}), draft.facts.get("by", {})):
                        continue
                row = NewJudgment(
                    unit=finished.unit_id, unit_key=finished.unit.key, question=wording,
                    question_digest=question.digest, rater=self.rater, rater_key=self.rater_key,
                    value=draft.value, code=question.codes(draft.value, finished.unit).get(""),
                    repeat=draft.repeat, rationale=draft.rationale, confidence=draft.confidence,
                    shown=draft.shown, replaces=old[:2] if old else None, run=self.run,
                    call=draft.call,
                )  # fmt: skip
                yield row, draft


def _storable(words: str) -> str:
    """A text without what a database cannot hold: NUL and half pairs become U+FFFD."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", words)
