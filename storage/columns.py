"""The kinds of column that tables are made of."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Text, text
from sqlalchemy.types import JSON
from sqlmodel import Field

BigId = BigInteger().with_variant(Integer(), "sqlite")
NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}  # so that a later migration can name what it changes, on both engines


def identifier() -> Any:
    """A primary key column, 64 bits wide."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def link(table: str, *, nullable: bool = False, index: bool = False) -> Any:
    """A column that names a row of another table."""
    facts: dict[str, Any] = {"default": None} if nullable else {}
    return Field(foreign_key=f"{table}.id", sa_type=BigInteger, index=index, **facts)


def moment(nullable: bool = False) -> Any:
    """A time column: microseconds since 1970 UTC."""
    return Field(default=None if nullable else 0, sa_type=BigInteger, nullable=nullable)


def words(default: str = "") -> Any:
    """A text column of any length, never null."""
    return Field(default=default, sa_type=Text, nullable=False)


def json(nullable: bool = True) -> Any:
    """A JSON column."""
    return Field(default=None, sa_type=JSON, nullable=nullable)


def where(condition: str) -> dict[str, Any]:
    """Makes an index partial, on both engines."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
