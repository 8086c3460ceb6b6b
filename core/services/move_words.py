"""What revising did, as lines of text."""

from core.charts.words import interval_words
from core.services.critique_effects import Followed
from core.services.revisions import Revisions
from core.statistics.transitions import MOVES, Transitions


def revisions_text(found: Revisions) -> str:
    """The transitions of each rater."""
    head = (
        f"{found.question}: before and after revising, {found.linked} pairs, correct: "
        f"{', '.join(found.correct)}"
    )
    return "\n".join([head, *(f"  {row.name}: {_words(row.moves)}" for row in found.rows)])


def followed_line(one: Followed) -> str:
    """The transitions of the revisions whose critique has one label."""
    return (
        f"{one.question}: critiques that people hold {one.label!r} ({one.critique}), "
        f"{one.revisions} revisions, by {one.by}: {_words(one.moves)}"
    )


def _words(moves: Transitions) -> str:
    counts = ", ".join(f"{move} {moves.counts[move]}" for move in MOVES)
    return (
        f"{counts}, n = {moves.change.n}; mended {interval_words(moves.mended)}, kept "
        f"{interval_words(moves.kept)}, change {interval_words(moves.change)}"
    )
