"""Whether work is only rehearsed: then its requests are written down, and no code is run."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_pretended: ContextVar[bool] = ContextVar("pretended", default=False)


def pretended() -> bool:
    """Whether what is being done here is a rehearsal; also in threads that it waits for."""
    return _pretended.get()


@contextmanager
def pretending() -> Iterator[None]:
    """What is done inside is a rehearsal."""
    before = _pretended.set(True)
    try:
        yield
    finally:
        _pretended.reset(before)
