"""Several reservations of one rater at once: finding them, holding them, sharing what is left."""

from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from storage.assignments import COLUMNS, A, U

OPEN = (
    select(*COLUMNS)
    .where(A.c.rater == bindparam("rater_id"), A.c.state == "reserved")
    .order_by(A.c.place)
    .limit(bindparam("most"))
)
RENEW = (
    update(A)
    .where(
        A.c.rater == bindparam("rater_id"),
        A.c.state == "reserved",
        A.c.stage == "first",
        A.c.lease_until < bindparam("until"),
    )
    .values(lease_until=bindparam("until"))
)
UNCLOSED = select(func.count()).select_from(
    select(U.c.id)
    .where(U.c.study == bindparam("study_id"), U.c.closed == 0)
    .limit(bindparam("most"))
    .subquery()
)
HOLDERS = select(func.count(A.c.rater.distinct())).where(
    A.c.study == bindparam("study_id"), A.c.state == "reserved"
)


def every_open(connection: Connection, rater: int, most: int) -> list[Any]:
    """The rater's unanswered reservations in their order, at most `most`."""
    return list(connection.execute(OPEN, {"rater_id": rater, "most": most}))


def renew(connection: Connection, rater: int, until: int) -> None:
    """Hold the rater's reservations of ordinary work until `until`; others hold longer anyway."""
    connection.execute(RENEW, {"rater_id": rater, "until": until})


def unclosed(connection: Connection, study: int, most: int) -> int:
    """How many units of the study may still be given out, counted up to `most`."""
    return int(connection.execute(UNCLOSED, {"study_id": study, "most": most}).scalar_one())


def holders(connection: Connection, study: int) -> int:
    """How many raters hold a reservation in the study now."""
    return int(connection.execute(HOLDERS, {"study_id": study}).scalar_one())
