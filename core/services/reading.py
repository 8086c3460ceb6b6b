"""What the order of a study reads to choose units, and what is wrong where it finds nothing."""

from sqlalchemy import Connection

from core.protocol import StudyProtocol
from core.questions.base import Question
from core.services.studies import Study
from storage import items

DUELS = frozenset({"duel_ucb", "duel_thompson"})
READERS = DUELS | {"uncertain", "jury", "divergent"}
COMPARISONS = frozenset({"pairwise", "choice"})


def asked(protocol: StudyProtocol) -> Question | None:
    """The question whose answers a draw reads; None where the study asks none that it can read.

    The named one, else the first that fits: one with codes, for duels a comparison of responses.
    """
    order, name = protocol.assignment.order, protocol.assignment.question
    fit = [
        q for q in protocol.questions
        if (q.kind in COMPARISONS if order in DUELS else q.scale().level != "none")
    ]  # fmt: skip
    return next((q for q in fit if name in ("", q.name)), None)


def warnings(connection: Connection, study: Study, protocol: StudyProtocol) -> list[str]:
    """What keeps the order from doing what it says; one sentence each, [] when all is well."""
    policy = protocol.assignment
    found = []
    if policy.order in READERS and asked(protocol) is None:
        kind = "a comparison of responses" if policy.order in DUELS else "a question with codes"
        what = f"{policy.question!r} is none" if policy.question else "the study asks none"
        found.append(
            f"The order {policy.order!r} reads the answers to {kind}, and {what}: every open unit "
            "is equally likely until that is mended."
        )
    if policy.strata and items.lacks(connection, study.id, policy.strata):
        found.append(
            f"The strata are to follow the fact {policy.strata!r}, which no item has: the order "
            "goes on as if there were none."
        )
    return found
