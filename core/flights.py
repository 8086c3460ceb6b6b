"""Calls under way: who asks what is being asked already waits for that reply."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.calls import CallFailed


class Flights:
    """Lets one call of each key be under way at a time in this process."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Future[CallFailed | None]] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait until nobody asks the same; raises the `CallFailed` with which that call ended.

        After a call that went well its reply is in the ledger, for whoever comes next.
        """
        while key in self._under_way:
            failure = await asyncio.shield(self._under_way[key])
            if failure is not None:
                raise failure
        landed = self._under_way[key] = asyncio.get_running_loop().create_future()
        ended: CallFailed | None = None
        try:
            yield
        except CallFailed as error:
            ended = error
            raise
        finally:
            del self._under_way[key]
            landed.set_result(ended)
