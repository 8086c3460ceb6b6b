"""What a run will take before it starts: calls, tokens, money and time, and how each was found."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from sqlalchemy import Connection

from core import tokens
from core.calls import Endpoint, call_key
from core.prices import Price, Roofline
from core.rehearsal import Request
from core.services import dry_run, prices, runs, studies
from core.services.access import Identity, require
from core.services.planning import Plan
from core.workers.base import Endpointed, Worker
from storage import calls
from storage.database import Database

SAMPLE, WHOLE = 24, 2000
ASSUMED_REPLY = 200


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take. `calls` are those to be paid; `free` ones are in the ledger already.

    `cost` is None without prices, `seconds` None without past calls or a machine's figures. `notes`
    say how each number was found.
    """

    tasks: int
    calls: int
    free: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    seconds: float | None
    notes: Sequence[str] = ()


@dataclass(slots=True)
class _Part:
    """What the sampled tasks ask of one model; `ratio` is its tokens to those estimated, of `n`.

    A request that several tasks share counts by the share of each; `cases` are those tasks.
    """

    model: Endpointed
    calls: float = 0
    free: float = 0
    prompt: float = 0
    rooms: float = 0
    cases: float = 0
    ratio: float = 1.0
    n: int = 0


def forecast(
    db: Database, who: Identity, key: str, worker: Worker, *, limit: int | None = None,
    fresh: bool = False, concurrency: int = 16, lane: str = "live",
) -> Forecast:  # fmt: skip
    """The forecast for a run of the worker; a rule that works offline takes nothing.

    Prompts of up to 24 tasks, spread over the plan (the texts of up to 2,000, of a rule that
    compares embeddings), are written out and measured by the rule of
    `core.tokens`, corrected by what the model's endpoint counted in past prompts; past calls of the
    same model also give the length of replies and their time.
    """
    require(who, "run")
    planned = runs.plan(db, who, key, worker, limit=limit, fresh=fresh)
    if not worker.needs_model() or not planned.work:
        return Forecast(planned.work, 0, 0, 0, 0, 0.0, None)
    with db.read() as connection:
        study = studies.load(db, key, connection)
        whole = worker.rater != "model"  # its texts are all there: no reply is waited for
        chosen = list(dry_run.sample(planned, WHOLE if whole else SAMPLE))
        shared = dry_run.bundles(worker, planned)
        looks = dry_run.looks(connection, study, worker, chosen, planned.unmade, shared)
        parts = {name: _Part(model) for name, model in worker.models().items()}
        total = planned.work if shared is None else shared.requests(connection, study)
        asking = [look for look in looks if shared is None or look.requests]
        scale = total / sum(1 / look.cases for look in asking) if asking else 1.0
        _weigh(connection, parts, looks, fresh, scale)
        pasts = {
            name: calls.past(connection, p.model.model, p.model.embeds)
            for name, p in parts.items()
        }  # fmt: skip
        if shared is not None:
            pasts = {n: _each(connection, parts[n], past) for n, past in pasts.items()}
    found = _whole(planned, scale, len(chosen), parts, pasts, concurrency, lane)
    if shared is None:
        return found
    note = (
        f"{total:,} requests for {planned.work:,} tasks: units that are judged together share one"
    )
    return replace(found, notes=[note, *found.notes])


def _weigh(
    connection: Connection, parts: Mapping[str, _Part], looks: Sequence[dry_run.Look],
    fresh: bool, scale: float,
) -> None:  # fmt: skip
    """Count what the looked-at tasks ask, each request by the share of its task.

    A text to embed counts once; one that several of the tasks have is taken for one that all have.
    """
    keyed = [[(_key(parts, r), r) for r in look.requests] for look in looks]
    often = Counter(key for each in keyed for key in {k for k, r in each if r.embeds})
    wanted = {key for each in keyed for key, r in each if not fresh or r.embeds}
    known = calls.find(connection, list(wanted))
    counted: set[str] = set()
    for look, each in zip(looks, keyed, strict=True):
        for key, request in each:
            part, share = parts[request.to], 1 / look.cases
            if request.embeds:
                if key in counted:
                    continue
                counted.add(key)
                share = 1 / scale if often[key] > 1 and scale > 1 else 1.0
            if key in known:
                part.free += share
                continue
            part.calls += share
            part.cases += 1
            part.prompt += share * _size(request.messages, request.schema, request.parameters)
            part.rooms += share * int(request.parameters.get("max_tokens") or 0)
    for part in parts.values():
        part.ratio, part.n = _measured(connection, part.model.model)


def _measured(connection: Connection, model: str) -> tuple[float, int]:
    """Tokens that a model's endpoint counted in past prompts to those of the rule, and of how many.

    Prompts in which images were sent are left out: no rule knows what they count. So are texts that
    were scored, which are no prompts.
    """
    estimated, counted, n = 0, 0, 0
    for request, found, *_ in calls.prompts(connection, model):
        messages = request.get("messages") or []
        if not all(isinstance(m, Mapping) and isinstance(m.get("content"), str) for m in messages):
            continue
        estimated += _size(messages, request.get("schema"), request.get("parameters") or {})
        counted, n = counted + found, n + 1
    return (counted / estimated, n) if estimated else (1.0, 0)


def _each(connection: Connection, part: _Part, past: calls.Past) -> calls.Past:
    """Past replies and times by the case, carried over to as many cases as a request has here."""
    cases, told, took = list[int](), list[int](), list[float]()
    for request, _, reply, seconds in calls.prompts(connection, part.model.model):
        names = (request.get("schema") or {}).get("properties") or {"": None}
        cases.append(len(names) if all(str(name).isdigit() for name in names) else 1)
        told.append(reply)
        took.append(seconds)
    if not cases or not part.calls or past.reply is None:
        return past
    here = part.cases / part.calls
    return replace(past, reply=sum(told) / sum(cases) * here, seconds=_paced(cases, took, here))


def _paced(cases: Sequence[int], took: Sequence[float], here: float) -> float:
    """Seconds of a request with so many cases, by what past ones took with as many as they had.

    The line through their means. It rises as by least squares where they had different numbers of
    cases, but never falls, and never starts below 0 s; where all had the same, by what one case
    took, as replies grow with the cases and mostly set the time.
    """
    n, seconds = fmean(cases), fmean(took)
    spread = sum((x - n) ** 2 for x in cases)
    most = seconds / n
    slope = most
    if spread:
        slope = sum((x - n) * y for x, y in zip(cases, took, strict=True)) / spread
    return seconds + min(most, max(0.0, slope)) * (here - n)


def _size(messages: Sequence[Mapping[str, Any]], schema: Any, parameters: Mapping[str, Any]) -> int:
    """Tokens of a request by the rule; a text to embed has nothing around it."""
    if parameters.get("embed"):
        return tokens.of_text(messages[0]["content"])
    return tokens.of_messages(messages, schema)


def _key(parts: Mapping[str, _Part], request: Request) -> str:
    model = parts[request.to].model
    place = Endpoint(model.base_url, model.model)
    return call_key(place, request.messages, request.parameters, request.schema, request.repeat, "")


def _whole(
    planned: Plan, scale: float, sampled: int, parts: Mapping[str, _Part],
    pasts: Mapping[str, calls.Past], concurrency: int, lane: str,
) -> Forecast:  # fmt: skip
    """The sample's numbers carried over to the whole plan, each times `scale`."""
    table = prices.table()
    count, free, prompt, reply = 0.0, 0.0, 0.0, 0.0
    cost: float | None = 0.0
    seconds: float | None = None if lane == "batch" else 0.0
    notes = [f"prompts of {sampled} of {planned.work:,} tasks measured, 4 bytes a token"]
    for name, part in parts.items():
        free += part.free * scale
        if not part.calls:
            continue
        asked, read = part.calls * scale, part.prompt * part.ratio * scale
        written = asked * _reply(part, pasts[name])
        row = table.find(part.model.base_url, part.model.model)
        machine = row.roofline if row else None
        price = prices.of(part.model, table, lane)
        cost = _add(cost, None if price is None else (read * price[0] + written * price[1]) / 1e6)
        took = _seconds(asked, read, written, pasts[name], machine, concurrency)
        seconds = _add(seconds, took)
        count, prompt, reply = count + asked, prompt + read, reply + written
        notes += _notes(part, pasts[name], machine, lane)
        if price is None:
            notes.append(_unpriced(part.model.model, row))
    return Forecast(
        planned.work, round(count), round(free), round(prompt), round(reply), cost, seconds, notes
    )


def _seconds(
    asked: float, read: float, written: float, past: calls.Past, machine: Roofline | None,
    concurrency: int,
) -> float | None:  # fmt: skip
    """Seconds for so many calls: at the pace of past ones, else by the machine's limits."""
    if past.seconds is not None:
        return past.seconds * asked / max(1.0, min(concurrency, asked))
    if machine is not None:
        return machine.seconds(asked, read / asked, written / asked, concurrency)
    return None


def _add(total: float | None, more: float | None) -> float | None:
    return None if total is None or more is None else total + more


def _reply(part: _Part, past: calls.Past) -> float:
    """Tokens of a reply: as past ones; else what is assumed, within the room that it has."""
    if part.model.embeds:
        return 0.0
    if past.reply is not None:
        return past.reply
    room = part.rooms / part.calls if part.calls and part.rooms else 0.0
    assumed = ASSUMED_REPLY * part.cases / part.calls
    return min(assumed, room) if room else assumed


def _notes(part: _Part, past: calls.Past, machine: Roofline | None, lane: str) -> Iterator[str]:
    model = part.model.model
    if part.n:
        yield (
            f"prompt tokens of {model} x {part.ratio:.2f}, as its endpoint counted {part.n:,} past "
            "prompts"
        )
    else:
        yield f"no past prompt of {model} to correct this by"
    if part.model.embeds:
        yield f"each text that {model} embeds is a call; up to 64 go in one request"
    elif past.n:
        yield f"replies and times as in {past.n:,} past calls of {model}"
    else:
        each = " to each unit" if part.cases > part.calls else ""
        yield f"no past call of {model}: replies of {ASSUMED_REPLY} tokens{each} are assumed"
    if lane == "batch":
        yield "the batch lane may take a day; providers promise no more"
    elif not past.n and machine is not None:
        yield "time by the machine's roofline, at best: real servers take longer"
    elif not past.n:
        yield f"time unknown: no past call of {model}, and no figures of its machine"


def _unpriced(model: str, row: Price | None) -> str:
    """Why the cost is not known."""
    if row is not None and (row.prompt is None) != (row.completion is None):
        lacking = "prompts" if row.prompt is None else "replies"
        return f"cost unknown: the price table has no price of {model}'s {lacking}"
    return f"cost unknown: no price of {model} in the worker or the price table"
