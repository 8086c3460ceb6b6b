"""A hard budget of a run: what a call may take is reserved in the database before it is sent."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from core import tokens
from core.calls import CallFailed, Endpoint, Lane, Spent
from core.digest import encode
from core.replies import told_tokens
from core.services import presence
from core.services.group_commit import GroupCommit
from core.throttle import stopped
from storage import accounts
from storage.runs import clock

Amounts = dict[str, float]
REPLY = 4096
BYTES_PER_TOKEN = 2
PAUSE = 0.2
UNITS = {"calls": "calls", "tokens": "tokens", "money": "in money"}
ROOMY = (
    f"The worker has no max_tokens, so {REPLY:,} tokens are put aside for each reply; a copy with "
    "fewer comes further."
)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may take, in requests, tokens or money; None is no limit."""

    calls: int | None = None
    tokens: int | None = None
    money: float | None = None

    def limits(self) -> Amounts:
        """The limits that there are, by name."""
        return {name: most for name, most in asdict(self).items() if most is not None}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a call may take at most, reserved for a runner; or what it took, of what was held.

    `note` is what may help where the tokens or the money do not suffice.
    """

    hold: Amounts
    used: Amounts | None = None
    note: str = ""


class Purse:
    """The budget in a run's account as one runner draws on it, together with all others.

    The runner may be at another run: the runs of a chain draw on the account of its first.
    """

    def __init__(self, commits: GroupCommit, run: int, runner: str) -> None:
        self.commits, self.run, self.runner = commits, run, runner

    async def reserve(self, hold: Amounts, closed: Callable[[], bool], note: str = "") -> None:
        """Put aside what a call may take, before it is sent.

        Where it does not fit while other calls are under way, it waits for what they leave over.
        Raises `CallFailed` of kind `budget` when it can never fit, `stopped` once `closed()`.
        """
        while True:
            answer: str | None = await self.commits.do(self._draw, Wish(hold, note=note))
            if answer is None:
                return
            if answer:
                raise CallFailed("budget", answer)
            if closed():
                raise stopped()
            await asyncio.sleep(PAUSE)

    async def settle(self, hold: Amounts, used: Amounts) -> None:
        """Replace what was put aside by what the call took."""
        await self.commits.do(self._draw, Wish(hold, used))

    async def stay(self) -> None:
        """Show that the runner lives, so that what it holds is not counted as spent."""
        await self.commits.do(self._stay)

    async def leave(self) -> None:
        """Take the runner off the account; what it still held counts as spent."""
        await self.commits.do(self._leave)

    def _stay(self, connection: Connection, pieces: Sequence[Any]) -> list[None]:
        account = accounts.load(connection, self.run)
        account["runners"].setdefault(self.runner, {"paces": {}})["seen"] = clock(connection)
        accounts.store(connection, self.run, account)
        return [None] * len(pieces)

    def _leave(self, connection: Connection, pieces: Sequence[Any]) -> list[None]:
        presence.leave(connection, self.run, self.runner)
        return [None] * len(pieces)

    def _draw(self, connection: Connection, wishes: Sequence[Wish]) -> list[str | None]:
        """Per wish None when it is granted, '' when it has to wait, else why it is refused."""
        account = accounts.load(connection, self.run)
        own = account["runners"].setdefault(self.runner, {"paces": {}})
        own["seen"] = clock(connection)
        own.setdefault("held", {})
        found: list[str | None] = []
        for wish in sorted(wishes, key=lambda wish: wish.used is None):
            if wish.used is not None:
                own["held"] = accounts.added(own["held"], wish.hold, -1)
                account["spent"] = accounts.added(account["spent"], wish.used)
        for wish in wishes:
            answer = None if wish.used is not None else _fits(account, wish)
            if wish.used is None and answer is None:
                own["held"] = accounts.added(own["held"], wish.hold)
            found.append(answer)
        accounts.store(connection, self.run, account)
        return found


def _fits(account: Mapping[str, Any], wish: Wish) -> str | None:
    held: Amounts = {}
    for runner in account["runners"].values():
        held = accounts.added(held, runner.get("held", {}))
    for name, most in account["budget"].items():
        spent, want = account["spent"].get(name, 0), wish.hold.get(name, 0)
        if spent + held.get(name, 0) + want > most * (1 + 1e-9):
            if held.get(name, 0) > 1e-12:
                return ""
            words = (
                f"The budget of {most:,.6g} {UNITS[name]} does not allow a further call: "
                f"{spent:,.6g} are spent, and it may take {want:,.6g}. Raise it, then resume."
            )
            return words if name == "calls" or not wish.note else f"{words} {wish.note}"
    return None


class Guarded:
    """A lane whose requests are paid from a purse; each attempt is a request of its own."""

    def __init__(
        self, lane: Lane, purse: Purse, endpoint: Endpoint, closed: Callable[[], bool]
    ) -> None:
        self.lane, self.purse, self.endpoint, self.closed = lane, purse, endpoint, closed

    async def post(self, path: str, body: Mapping[str, Any], spent: Spent) -> bytes:
        hold = most_of(body, self.endpoint)
        free = "messages" in body and not body.get("max_tokens")
        await self.purse.reserve(hold, self.closed, ROOMY if free else "")
        used: Amounts = {}
        try:
            reply = await self.lane.post(path, body, spent)
            used = used_by(reply, hold, self.endpoint)
            return reply
        except CallFailed as error:
            used = hold if error.kind in {"timeout", "broken_reply"} else {}
            raise
        except BaseException:
            used = hold
            raise
        finally:
            await asyncio.shield(self.purse.settle(hold, used))

    def shut(self) -> None:
        self.lane.shut()

    async def abandon(self) -> None:
        await self.lane.abandon()

    async def close(self) -> None:
        await self.lane.close()


def most_of(body: Mapping[str, Any], endpoint: Endpoint) -> Amounts:
    """The most that a request may take: a token for every two bytes of it, and its longest reply.

    The reply is as long as `max_tokens` allows, or 4,096 tokens where nothing limits it; images
    count as in `core.tokens`. Texts to embed have no reply.
    """
    messages = body.get("messages")
    if "input" in body:
        sizes = sum(len(text.encode("utf-8", "surrogatepass")) + 2 for text in body["input"])
        return _amounts(Spent(prompt_tokens=sizes // BYTES_PER_TOKEN), endpoint)
    if messages is None:
        prompt = len(str(body.get("prompt", "")).encode("utf-8", "surrogatepass"))
    else:
        form = encode(body.get("response_format", {})).encode()
        prompt = tokens.of_messages(messages) * tokens.BYTES_PER_TOKEN + len(form)
    most = Spent(
        prompt_tokens=prompt // BYTES_PER_TOKEN,
        completion_tokens=int(body.get("max_tokens") or REPLY) * int(body.get("n") or 1),
    )
    return _amounts(most, endpoint)


def used_by(reply: bytes, hold: Amounts, endpoint: Endpoint) -> Amounts:
    """What a reply says that it took; all that was put aside, when it says nothing."""
    try:
        usage = json.loads(reply)["usage"]
        took = Spent(
            prompt_tokens=told_tokens(usage, "prompt_tokens"),
            completion_tokens=told_tokens(usage, "completion_tokens"),
        )
    except (ValueError, LookupError, TypeError, RecursionError):
        return hold
    if not took.prompt_tokens:
        return hold
    return _amounts(took, endpoint)


def _amounts(spent: Spent, endpoint: Endpoint) -> Amounts:
    cost = spent.cost(endpoint)
    return {
        "calls": 1, "tokens": spent.prompt_tokens + spent.completion_tokens,
        **({} if cost is None else {"money": cost}),
    }  # fmt: skip
