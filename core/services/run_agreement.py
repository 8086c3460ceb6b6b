"""How far a run's rater agrees with people so far: cheap enough to follow a run."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.services import analysis, studies
from core.services.access import Identity, require
from core.statistics.base import Estimate, statistics
from core.workers.base import load as load_worker
from storage import runs
from storage import studies as study_rows
from storage.database import Database

SHOWN = ("accuracy", "gold_accuracy")


@dataclass(frozen=True, slots=True)
class SoFar:
    """One question: the rater against the majority of people, and against known answers."""

    question: str
    title: str
    people: Estimate
    known: Estimate


def agreement(db: Database, who: Identity, run: int) -> list[SoFar]:
    """The rater of a run on every question with codes that it has answered; [] before the first.

    Read from the tables that the Agreement page follows: per call, only the log's new rows are
    counted.
    """
    require(who, "see_results")
    with db.read() as connection:
        row = runs.by_id(connection, run)
        worker = load_worker(row.worker["definition"])
        rater = study_rows.rater_key(connection, row.study, worker.rater, row.worker["digest"])
    if rater is None or worker.writes:
        return []
    study = studies.load(db, row.study_key)
    names = [q.name for q in analysis.coded(study) if not worker.questions or q.name in
             worker.questions]  # fmt: skip
    return list(_each(db, who, row.study_key, names, rater))


def _each(db: Database, who: Identity, study: str, names: list[str], rater: int) -> Iterator[SoFar]:
    for name in names:
        with analysis.following(db, who, study, name) as (_, question, sheet):
            table = sheet.table
            place = next((n for n, known in enumerate(table.raters) if known.id == rater), None)
            if place is None or not table.answered(place):
                continue
            people, known = (statistics[measure](table, place) for measure in SHOWN)
            yield SoFar(question.name, question.title, people, known)
