"""Untrusted text made safe to show: marks stay, nothing loads, nothing runs."""

import re

LONGEST = 20_000
IMAGE = re.compile(r"!(?=\[)")
APART = "!\u200b"
DIRECTIVE = re.compile(r"(?<!\\):(?=[A-Za-z][\w/+-]*[:\[])")
MONEY = re.compile(r"(?<![\\$])\$(?=\d)")
AUTOLINK = re.compile(r"(?i)<(?!https?:|mailto:)([a-z][a-z0-9+.-]*:)")
SCHEME = re.compile(
    r"(?i)(\]\s*\(\s*<?\s*|^\s*\[[^\]]*\]:\s*<?)(?!https?:|mailto:)([a-z][a-z0-9+.-]*:)"
)


def inert(text: str) -> str:
    """Markdown that shows as text and simple marks only.

    The mark of an image is taken apart, so that nothing remote is loaded; links keep working only
    for http, https and mail addresses; the shorthand for colours, icons and badges is shown as
    it was written; a dollar before a digit is money, not a formula. HTML is never rendered: the
    caller passes the text to a renderer that escapes it.
    """
    text = text.replace("\x00", "\ufffd")
    text = IMAGE.sub(APART, text)
    text = DIRECTIVE.sub(r"\\:", text)
    text = MONEY.sub(r"\\$", text)
    text = AUTOLINK.sub("<\u200b\\1", text)
    return SCHEME.sub(r"\1blocked-\2", text)
