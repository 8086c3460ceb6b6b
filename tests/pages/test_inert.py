"""Untrusted text: what may stay, what is disarmed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.widgets.inert import inert
from pages.widgets.words import plain


@pytest.mark.parametrize(
    "text",
    ["plain words", "**bold** and _soft_", "# heading", "`code`", "| a | b |\n|---|---|\n| 1 | 2 |",
     "[a page](https://example.org)", "x^2 as $x^2$", "3 : 4", "at 10:30"],
)  # fmt: skip
def test_ordinary_marks_stay(text):
    assert inert(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](https://example.org/p.png)", "!\u200b[x](https://example.org/p.png)"),
        ("![x][ref]", "!\u200b[x][ref]"),
        ("a:red[b]", r"a\:red[b]"),
        (":material/home:", ":\u200bmaterial/home:"),
        (r"\:smile: :+1:", "\\:\u200bsmile: :\u200b+1:"),
        ("[x](https://example.org/a:b:c)", r"[x](https://example.org/a\:b:c)"),
        ("from $5 to $10", r"from \$5 to \$10"),
        ("[x](javascript:alert(1))", "[x]\u200b(javascript:alert(1))"),
        ("[x]( <JavaScript:alert(1)>)", "[x]\u200b( <\u200bJavaScript:alert(1)>)"),
        ("[x](data:text/html,hi)", "[x]\u200b(data:text/html,hi)"),
        ("[x](&#106;avascript:alert(1))", "[x]\u200b(&#106;avascript:alert(1))"),
        ("[x]: java\tscript:alert(1)", "[x]\u200b: java\tscript:alert(1)"),
        ("<javascript:alert(1)>", "<\u200bjavascript:alert(1)>"),
        ("a\x00b", "a\ufffdb"),
    ],
)
def test_what_could_load_or_run_is_disarmed(text, shown):
    assert inert(text) == shown


@given(st.text(alphabet="![]()\\:redjavscipt$5`<>\n ", max_size=60))
def test_no_image_mark_survives(text):
    assert "![" not in inert(text)


@pytest.mark.parametrize("text", ["see https://a.example/x", "www.a.example", "to me@a.example"])
def test_an_address_in_a_label_is_taken_apart(text):
    shown = plain(text)
    assert shown.count("\u200b") == 1 and shown.replace("\u200b", "").replace("\\", "") == text
