"""YAML that is read safely: no objects, no key given twice, nothing that unfolds without end."""

from typing import Any

import yaml

MOST = 100_000


class StrictLoader(yaml.SafeLoader):
    """Safe YAML in which the same key twice is an error, not a silent override.

    A text that unfolds to more than `MOST` values by its aliases, or that holds itself, is refused.
    """

    def get_single_node(self) -> Any:
        try:
            node = super().get_single_node()
            _unfolded(node, {})
        except RecursionError:
            raise yaml.MarkedYAMLError(problem="it is nested too deep") from None
        return node

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
