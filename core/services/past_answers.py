"""Past answers for the nearest-answer rater, out of what holds in a study."""

from sqlalchemy import Connection

from core.services import material, studies
from core.services.access import Identity, require
from core.services.alignment import truths
from core.services.studies import Refused, Study
from core.units import Invalid
from core.workers.base import Worker
from core.workers.nearest import Nearest, Past
from storage.database import Database

MOST = 5000


def fitted(
    db: Database, who: Identity, key: str, questions: tuple[str, ...] = (), *, problem: str,
    name: str = "Nearest past answer",
) -> Nearest:  # fmt: skip
    """A nearest-answer rater that holds the scored answers of a study, ready to be saved and run.

    The score of an answer is what was adjudicated, else what most people said, else the known
    answer. `problem` names the field that holds the problem; `questions` are those scored (all
    with codes, unless given). Raises `Refused` when nothing is scored or there is too much of it.
    """
    require(who, "run")
    with db.read() as connection:
        study = studies.load(db, key, connection)
        return _fitted(connection, study, Nearest(name=name, problem=problem, questions=questions))


def wants(worker: Worker) -> bool:
    """Whether it is a nearest-answer rater that is still to be given a past."""
    return isinstance(worker, Nearest) and not worker.past


def filled(connection: Connection, study: Study, worker: Worker) -> Worker:
    """The worker; a nearest-answer rater without a past gets that of the study as it is now.

    Without any the worker stays as it is, and says so when it is asked.
    """
    if not isinstance(worker, Nearest) or not wants(worker):
        return worker
    try:
        return _fitted(connection, study, worker)
    except Refused:
        return worker


def _fitted(connection: Connection, study: Study, bare: Nearest) -> Nearest:
    past: dict[int, Past] = {}
    asked = [q for q in study.protocol.questions if q.scale().level != "none"]
    wanted = [q for q in asked if not bare.questions or q.name in bare.questions]
    given = {q.name: truths(connection, study, q) for q in wanted}
    for unit_id, unit in material.all_units(connection, study):
        values = {n: t[unit_id].value for n, t in given.items() if unit_id in t}
        for question in wanted:
            known = unit.gold.get(question.name)
            if question.name not in values and known is not None and question in unit.questions:
                try:
                    values[question.name] = question.check(known, unit)
                except Invalid:
                    continue
        if values and len(unit.outputs) == 1 and bare.problem in unit.fields:
            words = unit.fields[bare.problem].text(), unit.outputs[0].content.text()
            past[unit_id] = Past(key=unit.key, problem=words[0], answer=words[1], values=values)
    if not past:
        raise Refused(
            f"no single response to a field {bare.problem!r} has a score here: it takes units that "
            "show one response, and answers by people or known answers"
        )
    if len(past) > MOST:
        raise Refused(f"{len(past):,} scored answers are too many; at most {MOST:,} can be held")
    held = {"past": tuple(past.values()), "questions": tuple(given)}
    return bare.model_copy(update=held)
