"""Every question on the Streamlit face: it draws, and its buttons say what they stand for."""

import pytest
from streamlit.testing.v1 import AppTest

from core import answers
from core.units import Invalid
from tests.contracts.specimens import every_question

EVERY = every_question()


def screen(name, answered):
    """One question, drawn from the answers of the session; presses change them."""
    import streamlit as st

    from core import answers
    from pages.widgets.ui import StreamlitUi
    from tests.contracts.specimens import every_question, unit

    question = every_question()[name]
    shown = unit(question)
    if "answers" not in st.session_state:
        given = {question.name: question.example(shown)} if answered else {}
        st.session_state["answers"] = given

    def heard(at, value):
        st.session_state["answers"] = answers.put(st.session_state["answers"], at, value)

    given = st.session_state["answers"].get(question.name)
    active = question.waiting(shown, given) or question.waiting(shown, None)
    ui = StreamlitUi("t", active=active, on_answer=heard)
    st.session_state["returned"] = question.ask(ui, shown, given)


def drawn(name, answered):
    page = AppTest.from_function(screen, args=(name, answered), default_timeout=30).run()
    assert not page.exception, [e.value for e in page.exception]
    return page


def digits(page):
    return {b.proto.shortcut: b for b in page.button if b.proto.shortcut}


@pytest.mark.parametrize("name", EVERY)
def test_it_is_drawn_empty_and_answered(name):
    question = EVERY[name]
    page = drawn(name, answered=False)
    assert page.session_state["returned"] is None
    said = [*(e.value for e in page.markdown), *(e.label for e in page.text_area),
            *(e.label for e in page.number_input),
            *(e.proto.json or e.proto.mixed.json for e in page.get("bidi_component"))]  # fmt: skip
    assert any(question.title in words.replace("\\", "") for words in said)
    again = drawn(name, answered=True)
    assert again.session_state["returned"] == again.session_state["answers"][question.name]


@pytest.mark.parametrize("name", [n for n, q in EVERY.items() if q.entry() == "presses"])
def test_the_digits_alone_answer_it(name):
    """Pressing 1 until nothing waits gives a whole answer, or a set with one label."""
    from tests.contracts.specimens import unit

    question = EVERY[name]
    shown, page = unit(question), drawn(name, answered=False)
    for _ in range(20):
        given = page.session_state["answers"].get(question.name)
        if not question.waiting(shown, given):
            break
        digits(page)["1"].click()
        page.run()
        assert not page.exception, [e.value for e in page.exception]
    value = page.session_state["answers"][question.name]
    try:
        assert question.check(value, shown)
    except Invalid as error:
        raise AssertionError(f"{name}: {value}") from error


def test_a_label_pressed_twice_is_taken_out():
    page = drawn("multilabel", answered=False)
    steps = {"1": ["unclear"], "3": ["unclear", "fluency > spelling"]}
    for key, expected in (*steps.items(), ("1", ["fluency > spelling"]), ("3", None)):
        digits(page)[key].click()
        page.run()
        assert answers.got(page.session_state["answers"], "example") == expected


def test_none_of_these_stands_alone():
    page = drawn("multilabel", answered=False)
    digits(page)["1"].click()
    page.run()
    none = next(b for b in page.button if "none of these" in b.label)
    none.click()
    page.run()
    assert page.session_state["answers"] == {"example": []}
    digits(page)["2"].click()
    page.run()
    assert page.session_state["answers"] == {"example": ["fluency > grammar"]}


def test_a_slider_has_no_answer_until_it_is_touched():
    page = drawn("number", answered=False)
    assert page.session_state["answers"] == {} and not page.slider
    digits(page)["5"].click()
    page.run()
    assert page.session_state["answers"] == {"example": 1.0}


def test_an_edit_shows_what_it_takes_out_and_puts_in():
    page = drawn("docs-revision", answered=True)
    said = "\n".join(e.value for e in page.markdown)
    assert ":green-background[Or less.]" in said
