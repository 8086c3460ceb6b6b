"""Past answers for the nearest-answer rater, out of what holds in a study."""

from core.services import material, studies
from core.services.access import Identity, require
from core.services.alignment import truths
from core.services.studies import Refused
from core.units import Invalid
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
    past: dict[int, Past] = {}
    with db.read() as connection:
        study = studies.load(db, key, connection)
        asked = [q for q in study.protocol.questions if q.scale().level != "none"]
        wanted = [q for q in asked if not questions or q.name in questions]
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
            if values and len(unit.outputs) == 1 and problem in unit.fields:
                words = unit.fields[problem].text(), unit.outputs[0].content.text()
                past[unit_id] = Past(key=unit.key, problem=words[0], answer=words[1], values=values)
    if not past:
        raise Refused(
            f"no single response to a field {problem!r} has a score here: it takes units that show "
            "one response, and answers by people or known answers"
        )
    if len(past) > MOST:
        raise Refused(f"{len(past):,} scored answers are too many; at most {MOST:,} can be held")
    return Nearest(name=name, problem=problem, questions=tuple(given), past=tuple(past.values()))
