"""A worker at a scripted server: what it drafts, and what the server was sent."""

import asyncio

from core.calls import Endpoint
from core.content.text import TextContent
from core.llm import LLM, Patience
from core.units import Shown, Unit
from tests.servers.openai_server import OpenAIServer

PATIENCE = Patience(asks=1, first_wait=0.01)


class ByName:
    """Asks one endpoint under every name; `asked` keeps the names."""

    def __init__(self, llm):
        self.llm, self.asked = llm, []

    async def ask(self, messages, *, to="", **rest):
        self.asked.append(to)
        return await self.llm.ask(messages, **rest)


def work(worker, unit, reply, repeat=0):
    """The drafts, the bodies that the server received, and the names that were asked."""
    with OpenAIServer(reply) as server:

        async def go():
            llm = LLM(Endpoint(server.url, "m"), patience=PATIENCE)
            model = ByName(llm)
            try:
                return await worker.work(unit, model, repeat), model.asked
            finally:
                await llm.close()

        drafts, asked = asyncio.run(go())
        return drafts, server.requests, asked


def said(body):
    """All that a request says, the system's words apart from the user's."""
    system, user = (message["content"] for message in body["messages"])
    return system, user


def unit(fields=None, outputs=(), asked=(), **meta):
    """An item with these fields and outputs (key -> text, or key -> (role, text))."""
    shown = []
    for key, given in dict(outputs).items():
        role, text = given if isinstance(given, tuple) else ("answer", given)
        shown.append(Shown(key, TextContent(text), role))
    contents = {name: TextContent(text) for name, text in (fields or {}).items()}
    order = tuple(output.key for output in shown)
    return Unit("u", "i", contents, tuple(shown), order, tuple(asked), meta)
