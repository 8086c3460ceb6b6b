"""Answers written straight into the log, as runner and page would."""

from core.services import material
from storage import judgments
from storage import studies as study_rows
from storage.judgments import NewJudgment


def answer(db, study, question, kind, name, values, **more):
    """Answers of one rater: unit key -> value, written as the runner would."""
    asked = study.protocol.question(question)
    with db.write() as connection:
        rater = study_rows.rater(connection, study.id, kind, name, spec=more.pop("spec", None))
        by_key = {unit.key: (i, unit) for i, unit in material.all_units(connection, study)}
        rows = []
        for key, value in values.items():
            unit_id, unit = by_key[key]
            rows.append(
                NewJudgment(
                    unit=unit_id, unit_key=key, question=study.wording(asked),
                    question_digest=asked.digest, rater=rater, rater_key=f"{kind}:{name}",
                    value=value, code=asked.codes(value, unit).get(""), shown=("b", "a"), **more,
                )
            )  # fmt: skip
        judgments.append(connection, study.id, rows)
    return {key: unit_id for key, (unit_id, _) in by_key.items()}


def better(**winners):
    """`item_0="a"` as values of the pairwise question; 't' is a tie."""
    return {
        key.replace("_", "-"): {"winner": w} if w != "t" else {"winner": None, "verdict": "tie"}
        for key, w in winners.items()
    }
