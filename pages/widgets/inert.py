"""Untrusted text made safe to show: marks stay, nothing loads, nothing runs."""

import re

LONGEST = 20_000
IMAGE = re.compile(r"!(?=\[)")
DIRECTIVE = re.compile(r"(?<!\\):(?=[A-Za-z][\w/+-]*[:\[])")
MONEY = re.compile(r"(?<![\\$])\$(?=\d)")
AUTOLINK = re.compile(r"(?i)<(?!https?:|mailto:)([a-z][a-z0-9+.-]*:)")
LINK = re.compile(r"(?i)\](?=[(:](?!\s*<?(?:https?://|mailto:)))")


def inert(text: str) -> str:
    """Markdown that shows as text and simple marks only.

    The mark of an image is taken apart, so that nothing remote is loaded, and so is that of a link
    to anything but http, https and mail addresses; the shorthand for colours, icons and badges is
    shown as it was written; a dollar before a digit is money, not a formula. HTML is never
    rendered: the caller passes the text to a renderer that escapes it.
    """
    text = text.replace("\x00", "\ufffd")
    text = IMAGE.sub("!\u200b", text)
    text = DIRECTIVE.sub(r"\\:", text)
    text = MONEY.sub(r"\\$", text)
    text = AUTOLINK.sub("<\u200b\\1", text)
    return LINK.sub("]\u200b", text)
