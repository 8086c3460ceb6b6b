"""The price table: a file that people edit on the page or by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from core.prices import Price, PriceTable
from core.protocol import explain
from core.services.access import Identity, require
from core.services.studies import Refused
from core.settings import settings
from core.strict_yaml import StrictLoader
from core.workers.base import Endpointed, Worker


def table() -> PriceTable:
    """The prices in the file that the settings name; an empty table without one.

    Raises `Refused` when the file cannot be read, naming what is wrong with it.
    """
    path = settings().prices
    if not path.is_file():
        return PriceTable()
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=StrictLoader)  # noqa: S506 - safe
        return PriceTable.model_validate(data or {})
    except yaml.YAMLError as error:
        raise Refused(f"the price table {path} is no YAML: {error}") from None
    except ValidationError as error:
        raise Refused(f"the price table {path} cannot be used: {explain(error)}") from None


def save(who: Identity, rows: Sequence[Mapping[str, Any]]) -> PriceTable:
    """Check and write the whole table; raises `Refused` naming the row and field that is wrong."""
    require(who, "run")
    made: list[Price] = []
    for place, row in enumerate(rows, 1):
        given = {name: value for name, value in row.items() if value is not None and value != ""}
        if not given:
            continue
        try:
            made.append(Price.model_validate(given))
        except ValidationError as error:
            raise Refused(f"row {place} of the price table: {explain(error)}") from None
    places = [(row.base_url.rstrip("/"), row.model) for row in made]
    twice = next((p for p in places if places.count(p) > 1), None)
    if twice is not None:
        raise Refused(f"the price table names {twice[1]} at {twice[0] or 'any endpoint'} twice")
    found = PriceTable(prices=tuple(made))
    data = {"prices": [row.model_dump(exclude_defaults=True) for row in found.prices]}
    path = settings().prices
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")
    draft.replace(path)
    return found


def of(model: Endpointed, known: PriceTable, lane: str = "live") -> tuple[float, float] | None:
    """Prices of a million prompt and reply tokens of a model; None when one is unknown.

    The worker's own prices come first; the batch lane costs its share of the table's.
    """
    if model.embeds:
        return _of_embeddings(model, known)
    if model.prompt_price is not None and model.completion_price is not None:
        share = _batch_share(model, known) if lane == "batch" else 1.0
        return model.prompt_price * share, model.completion_price * share
    row = known.find(model.base_url, model.model)
    if row is None or row.prompt is None or row.completion is None:
        return None
    share = row.batch if lane == "batch" else 1.0
    return row.prompt * share, row.completion * share


def _of_embeddings(model: Endpointed, known: PriceTable) -> tuple[float, float] | None:
    """An embedding model writes nothing, and its calls travel at once in any lane."""
    row, price = known.find(model.base_url, model.model), model.prompt_price
    if price is None and row is not None:
        price = row.prompt
    return None if price is None else (price, 0.0)


def _batch_share(model: Endpointed, known: PriceTable) -> float:
    row = known.find(model.base_url, model.model)
    return row.batch if row is not None else Price(model="any").batch


def of_worker(worker: Worker, lane: str = "live") -> dict[str, list[float]]:
    """What each of a worker's models costs, by the names that it gives them; unknown ones miss."""
    known = table()
    found = {name: of(model, known, lane) for name, model in worker.models().items()}
    return {name: list(pair) for name, pair in found.items() if pair is not None}
