"""The Ask page: a query of one's own, a model's answer, and what is refused."""

from tests.pages.conftest import words
from tests.servers.openai_server import OpenAIServer
from tests.services.answers import answer, better
from tests.services.test_asking import told


def press(page):
    next(b for b in page.button if b.label in {"Run", "Ask"}).click().run()


def test_a_query_of_ones_own_and_a_models_answer(workspace, small, opened):
    answer(workspace, small, "better", "person", "ben", better(item_0="a"))
    page = opened("ask", who="ana", study="small")
    page.text_area(key="ask-words").set_value("SELECT rater, code FROM answers")
    press(page)
    assert not page.exception and "person-1" in str([t.value for t in page.table])
    page.text_area(key="ask-words").set_value("DELETE FROM answers")
    press(page)
    assert "only SELECT is allowed" in words(page)
    with OpenAIServer(told) as server:
        page.selectbox(key="ask-worker").set_value("Another model").run()
        page.text_input(key="ask-url").set_value(server.url).run()
        page.text_input(key="ask-model").set_value("m").run()
        page.text_area(key="ask-words").set_value("How many?")
        press(page)
    assert not page.exception and "Two each." in words(page)
    assert "GROUP BY rater" in page.code[0].value
