"""Units that may distress: covered until asked for, or passed by, as the person has chosen."""

from core.services import answering, assignment
from core.services.access import Identity
from core.services.store import Database
from core.services.studies import Study
from pages.widgets.desk import ROOMS, State, Ticket, hold, state

PASSED_BY = "sensitive content"


def sensitive(study: Study, held: Ticket | None) -> bool:
    """Whether the study marks this unit as one that may distress."""
    marked = study.protocol.sensitive
    return bool(marked) and held is not None and held.unit.only(marked)


def covered(study: Study, desk: State) -> bool:
    """Whether the unit on the desk is covered until the person asks for it."""
    held = desk["held"]
    if not sensitive(study, held) or desk["settings"].sensitive == "show":
        return False
    return bool(desk.get("uncovered") != held.id)


def uncover(study: Study, who: Identity, at: int) -> None:
    """Show the unit on the desk."""
    state(study, who)["uncovered"] = at


def pass_by(db: Database, who: Identity, study: Study, desk: State) -> Ticket | None:
    """What lies on the desk, sensitive units skipped where the person has asked for that.

    At most a few dozen in one go; where even more follow each other, that is said.
    """
    if desk["settings"].sensitive != "skip":
        return desk["held"]
    for _ in range(ROOMS):
        held: Ticket | None = desk["held"]
        if held is None or not sensitive(study, held) or held.state != "reserved":
            return held
        answering.skip(db, who, held, PASSED_BY)
        hold(desk, assignment.current(db, who, study.key))
    hold(desk, None)
    desk["error"] = desk["words"]("only_sensitive")
    return None
