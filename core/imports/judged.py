"""Judgments out of the rows of a table, by a mapping."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.imports import cells
from core.imports.base import JudgmentRow, Place, Problems, RaterRow, Reading, Units
from core.imports.mapping import Judgments, cell
from core.protocol import StudyProtocol
from core.questions.base import Question
from core.units import Unit

IMPORTED, SIMULATED = '{"imported": true}', '{"imported": true, "simulated": true}'


def question_of(
    study: StudyProtocol, name: Any, place: Place, column: str, problems: Problems
) -> Question | None:
    """The study's question of that name; None after noting a problem."""
    try:
        return study.question(str(name))
    except KeyError:
        names = ", ".join(q.name for q in study.questions)
        problems.add(place, column or "question", f"a question of the study ({names})", name)
        return None


def judged(
    plan: Judgments, columns: Sequence[str], row: Mapping[str, Any], place: Place,
    reading: Reading, units: Units,
) -> Iterator[JudgmentRow]:  # fmt: skip
    """The judgments that one row holds under one part of a mapping."""
    problems = reading.problems
    unit = _unit(plan, columns, row, place, problems, units)
    question = question_of(
        reading.study(), plan.question.of(row), place, plan.question.column, problems
    )
    if unit is None or question is None:
        return
    if question not in unit.questions:
        problems.add(place, question.name, "a unit of which this is asked", unit.key)
        return
    wide = plan.raters.items() if plan.raters else ((plan.rater, plan.value),)
    for template, column in wide:
        raw = cell(row, column)
        value = cells.answer(question, raw, plan.values, unit, column, place, problems)
        name = cells.rater_name(template, row, place, problems)
        repeat = cells.whole(plan.repeat.of(row), plan.repeat.column, place, problems)
        if value is None:
            reading.missing[column] = reading.missing.get(column, 0) + 1
        elif name is not None and repeat is not None:
            shown = plan.shown if set(plan.shown) == set(unit.order) else ()
            spec = SIMULATED if plan.simulated else IMPORTED
            yield JudgmentRow(
                unit, question, RaterRow(plan.kind, name, name, spec), value,
                cells.code_of(question, value, unit), place, repeat=repeat, shown=shown,
                rationale=cells.words(cell(row, plan.rationale), plan.rationale, place, problems),
                confidence=cells.number(
                    cell(row, plan.confidence), plan.confidence, place, problems
                ),
                seconds=cells.number(cell(row, plan.seconds), plan.seconds, place, problems),
            )  # fmt: skip


def _unit(
    plan: Judgments, columns: Sequence[str], row: Mapping[str, Any], place: Place,
    problems: Problems, units: Units,
) -> Unit | None:  # fmt: skip
    key = cells.key_of(row, columns, place, problems) if columns else None
    if key is None:
        if not columns:
            problems.add(place, "key", "a mapping with key columns for judgments", "none")
        return None
    named = [str(o.of(row)) for o in plan.outputs] or None
    unit = units(key, named)
    if unit is None:
        where = f" that shows {', '.join(named)}" if named else ""
        problems.add(place, ", ".join(columns), f"the key of an item of the study{where}", key)
    return unit
