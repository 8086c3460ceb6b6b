"""YAML that is read safely: no objects, no key given twice, nothing that unfolds without end."""

from typing import Any

import yaml

MOST = 100_000
LONGEST = 1_000_000


class StrictLoader(yaml.SafeLoader):
    """Safe YAML in which the same key twice is an error, not a silent override.

    A text that unfolds to more than `MOST` values by its aliases, or that holds itself, is refused,
    and so is one of more than `LONGEST` characters, or a value that is none of its kind.
    """

    def __init__(self, stream: Any) -> None:
        if isinstance(stream, str) and len(stream) > LONGEST:
            raise yaml.MarkedYAMLError(
                problem=f"it has {len(stream):,} characters, and may have {LONGEST:,}"
            )
        super().__init__(stream)

    def get_single_node(self) -> Any:
        try:
            node = super().get_single_node()
            _unfolded(node, {})
        except RecursionError:
            raise yaml.MarkedYAMLError(problem="it is nested too deep") from None
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError:
            shown = str(node.value)[:40]
            raise yaml.MarkedYAMLError(
                problem=f"{shown!r} looks like a number or date and is none; put it in quotes",
                problem_mark=node.start_mark,
            ) from None

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool):
                continue
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} stands here twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _unfolded(node: Any, known: dict[int, int]) -> int:
    """How many values a node stands for when its aliases are written out."""
    found = known.get(id(node))
    if found is None:
        known[id(node)] = MOST  # an alias to a node around it never ends
        inner = [] if node is None or isinstance(node, yaml.ScalarNode) else node.value
        parts = [part for one in inner for part in (one if isinstance(one, tuple) else (one,))]
        found = known[id(node)] = 1 + sum(_unfolded(part, known) for part in parts)
    if found >= MOST:
        raise yaml.MarkedYAMLError(
            problem="its aliases unfold to too much", problem_mark=node.start_mark
        )
    return found
