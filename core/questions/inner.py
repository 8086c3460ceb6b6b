"""The questions that another question asks of each part: how they are read."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from core.explaining import Misplaced, message_of, path_of
from core.questions.base import Question, load
from core.questions.grades import Grade, instead, lacking
from core.registry import UnknownPart
from core.units import Unit


def loaded(spec: Mapping[str, Any], place: int) -> Question:
    """The inner question at that place; raises `Misplaced`."""
    try:
        return load(spec)
    except UnknownPart as error:
        raise Misplaced(("questions", place, "kind"), str(error)) from None
    except ValidationError as error:
        [first, *_] = error.errors()
        raise Misplaced(("questions", place, *path_of(first)), message_of(first)) from None
    except TypeError as error:
        raise Misplaced(("questions", place), str(error)) from None


def by_part(
    asked: Sequence[Question], lines: Mapping[str, str], known: Mapping[str, Any],
    given: Mapping[str, Any], unit: Unit,
) -> Grade:  # fmt: skip
    """The mean grade of the answers to each part that are known; `lines` name the parts by key.

    What has no answer in `given` counts 0, what only `given` has does not count. Free texts are
    left out where anything else is asked.
    """
    coded = [q for q in asked if q.scale().level != "none" or q.slots()] or list(asked)
    credits, differs = [], []
    for key, line in lines.items():
        for question in coded:
            right = mapping(known.get(key)).get(question.name)
            own = mapping(given.get(key)).get(question.name)
            if right is None:
                continue
            grade = Grade(0.0) if own is None else question.grade(own, right, unit)
            credits.append(grade.credit)
            if not grade.right:
                what = (line[:60], question.title)
                words = question.describe(right, unit)
                differs.append(
                    lacking((what, words)) if own is None
                    else instead(what, words, question.describe(own, unit))
                )  # fmt: skip
    return Grade(sum(credits) / len(credits) if credits else 1.0, tuple(differs))


def mapping(found: Any) -> Mapping[str, Any]:
    """The mapping that a draft holds at a place; an empty one for anything else."""
    return found if isinstance(found, Mapping) else {}
