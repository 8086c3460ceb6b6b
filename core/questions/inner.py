"""The questions that another question asks of each part: how they are read."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from core.explaining import Misplaced, message_of, path_of
from core.questions.base import Question, load
from core.registry import UnknownPart


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


def mapping(found: Any) -> Mapping[str, Any]:
    """The mapping that a draft holds at a place; an empty one for anything else."""
    return found if isinstance(found, Mapping) else {}
