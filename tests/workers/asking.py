"""Letting a worker ask scripted servers: one client per model that it names."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace

from core.calls import Endpoint
from core.llm import LLM, Patience
from tests.servers.openai_server import OpenAIServer


class Asks:
    """Sends each call to the client of the model that `to` names."""

    def __init__(self, clients):
        self.clients = clients

    async def ask(self, messages, *, to="", **more):
        return await self.clients[to].ask(messages, **more)


def work(worker, unit, reply, repeat=0):
    """The drafts, and the bodies that each model's server received, by the model's name.

    `reply(body)` answers; its body's `model` says who is asked.
    """
    with ExitStack() as stack:
        names = list(worker.models())
        servers = {name: stack.enter_context(OpenAIServer(reply)) for name in names}

        async def go():
            clients = {
                name: LLM(Endpoint(servers[name].url, worker.models()[name].model),
                          patience=Patience(asks=1, first_wait=0.01))
                for name in names
            }  # fmt: skip
            try:
                return await worker.work(replace(unit), Asks(clients), repeat)
            finally:
                for client in clients.values():
                    await client.close()

        return asyncio.run(go()), {name: servers[name].requests for name in names}


def user(body):
    """The words of the user message."""
    return body["messages"][1]["content"]


def system(body):
    """The words of the system message."""
    return body["messages"][0]["content"]
