"""Who may do what."""

from dataclasses import dataclass
from typing import Literal

from core.telling import Told

Role = Literal["owner", "researcher", "auditor", "annotator"]
Action = Literal["annotate", "see_results", "review", "edit", "run", "transfer", "administer"]

ALLOWED: dict[str, frozenset[str]] = {
    "owner": frozenset(
        {"annotate", "see_results", "review", "edit", "run", "transfer", "administer"}
    ),
    "researcher": frozenset({"annotate", "see_results", "review", "edit", "run", "transfer"}),
    "auditor": frozenset({"annotate", "see_results", "run"}),
    "annotator": frozenset({"annotate"}),
}


class Denied(PermissionError):
    """The person's role does not allow this; the message says which role would."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person: the name that their answers carry, and what they may do."""

    name: str
    roles: frozenset[str] = frozenset({"owner"})

    def may(self, action: Action) -> bool:
        """Whether one of the roles allows the action."""
        return any(action in ALLOWED.get(role, ()) for role in self.roles)


def require(who: Identity, action: Action) -> None:
    """Raise `Denied` unless the person may do this."""
    if not who.may(action):
        able = [role for role, actions in ALLOWED.items() if action in actions]
        words = "{name} may not {action}; ask for the role {roles}."
        what = Told(action.replace("_", " "))
        raise Denied(Told(words, name=who.name, action=what, roles=", ".join(able)))
