"""Threads of their own for what takes long: code in the sandbox, large models on this machine.

The event loop's own few threads look up the addresses of endpoints. Were they busy with code that
runs for seconds, calls would time out that had nothing to do with it.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Found = TypeVar("Found")
_threads = ThreadPoolExecutor(max(2, os.cpu_count() or 2), thread_name_prefix="apart")


async def apart(
    function: Callable[Given, Found], *given: Given.args, **named: Given.kwargs
) -> Found:
    """What the function returns, from one of these threads; it sees the caller's context."""
    call = partial(copy_context().run, function, *given, **named)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
