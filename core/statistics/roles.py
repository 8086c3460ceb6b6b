"""What the parts of a tree of agents are worth: the mean of the outcomes below them."""

from collections import defaultdict
from collections.abc import Mapping

Node = tuple[int, ...]


def node_values(leaves: Mapping[Node, float]) -> dict[Node, float]:
    """The mean outcome of the leaves below each node, leaves included. Motwani et al. (2024).

    A leaf is the path of branch numbers that leads to it; () is the root.

    >>> values = node_values({(0, 0): 1.0, (0, 1): 0.0, (1, 0): 1.0, (1, 1): 1.0})
    >>> values[(0,)], values[(1,)], values[()]
    (0.5, 1.0, 0.75)
    """
    below: dict[Node, list[float]] = defaultdict(list)
    for leaf, outcome in leaves.items():
        for depth in range(len(leaf) + 1):
            below[leaf[:depth]].append(outcome)
    return {node: sum(outcomes) / len(outcomes) for node, outcomes in below.items()}
