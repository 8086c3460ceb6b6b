"""What every worker kind keeps to, whoever writes it."""

import asyncio
from dataclasses import replace

import pytest

from core import prompts
from core.digest import canonical
from core.workers.base import CannotAnswer, load
from tests.contracts.specimens import every_question, every_worker, unit

EVERY = every_worker()
WORDLESS = {"generate", "likelihood"}  # people's own words are sent, or texts that are scored
OFFLINE = {
    name: worker for name, worker in EVERY.items()
    if not worker.needs_model() and not worker.writes
}  # fmt: skip
ALL = pytest.mark.parametrize("worker", EVERY.values(), ids=EVERY.keys())
RULES = pytest.mark.parametrize("worker", OFFLINE.values(), ids=OFFLINE.keys())


def worked(worker, shown):
    """The drafts of every repeat; [] where it says that it cannot answer."""
    found = []
    for repeat in range(worker.repeats()):
        try:
            found += asyncio.run(worker.work(worker.present(shown, repeat), None, repeat))
        except CannotAnswer as reason:
            assert str(reason)
    return found


@ALL
def test_the_definition_comes_back(worker):
    again = load(worker.definition())
    assert again == worker and again.digest == worker.digest
    canonical(worker.definition())


@ALL
def test_the_digest_is_its_identity(worker):
    """A title changes nothing; an option that could change an answer makes another rater."""
    assert len(worker.digest) == 64
    assert worker.model_copy(update={"title": "Another title"}).digest == worker.digest
    assert worker.model_copy(update={"questions": ("other",)}).digest != worker.digest


@ALL
def test_what_never_decides_a_plan_is_an_option_of_it(worker):
    assert worker.unplanned <= set(type(worker).model_fields)
    other = worker.model_copy(update={"name": "another"})
    assert other.planned_by() == worker.planned_by()


def test_other_words_in_a_prompt_make_another_rater(monkeypatch, tmp_path):
    """Every kind that asks a model for words, with a word more in all prompts that there are."""
    asking = {n: w for n, w in EVERY.items() if w.needs_model() and w.kind not in WORDLESS}
    for path in prompts.FOLDER.glob("*.md"):
        (tmp_path / path.name).write_text(path.read_text("utf-8") + "\nThink twice.", "utf-8")
    monkeypatch.setattr(prompts, "FOLDER", tmp_path)
    prompts.prompt.cache_clear()
    try:
        same = [n for n, w in asking.items() if load(w.definition()).digest == w.digest]
    finally:
        monkeypatch.undo()
        prompts.prompt.cache_clear()
    assert same == []


def test_no_two_kinds_share_an_identity():
    digests = [worker.digest for worker in EVERY.values()]
    assert len(set(digests)) == len(digests)


@ALL
def test_what_needs_a_model_says_so(worker):
    assert worker.needs_model() == (worker.rater == "model")
    assert worker.repeats() >= 1


@ALL
def test_a_simulated_rater_is_named_so(worker):
    assert not worker.simulated or "simulated" in worker.name.lower()


@RULES
def test_offline_workers_answer_what_they_can_and_repeat_themselves(worker):
    answered = 0
    for question in every_question().values():
        question = question.model_copy(update={"only": {}})
        free = worker.model_copy(update={"questions": (), "only": {}})
        for outputs in (1, 2):
            if question.about in ("pair", "set") and outputs == 1:
                continue
            shown = unit(question, outputs=outputs)
            drafts = worked(free, shown)
            assert drafts == worked(free, shown)
            answered += len(drafts)
            for draft in drafts:
                assert draft.question == question.name
                assert question.check(draft.value, shown) == draft.value
                assert set(draft.shown) <= set(shown.order) and draft.rationale
    assert answered, "an offline worker must answer at least one kind of question"


@RULES
def test_offline_workers_do_not_look_at_who_made_a_response(worker):
    """A rater that saw the source could favour its own."""
    for question in every_question().values():
        free = worker.model_copy(update={"questions": (), "only": {}})
        shown = unit(question.model_copy(update={"only": {}}))
        named = replace(
            shown, outputs=tuple(replace(o, source=f"maker {o.key}") for o in shown.outputs)
        )
        assert worked(free, named) == worked(free, shown)
