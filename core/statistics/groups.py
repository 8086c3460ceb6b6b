"""The groups of raters that every number is given for: people, models and rules, all."""

from typing import Literal

Group = Literal["people", "models", "all"]
GROUPS: tuple[Group, ...] = ("people", "models", "all")


def belongs(person: bool, group: Group) -> bool:
    """Whether a rater, a real `person` or not, is of the group."""
    return group == "all" or person == (group == "people")
