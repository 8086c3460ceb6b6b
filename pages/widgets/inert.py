"""Untrusted text made safe to show: marks stay, nothing loads, nothing runs."""

import re

LONGEST = 20_000
IMAGE = re.compile(r"!(?=\[)")
DIRECTIVE = re.compile(r"(?<!\\):(?=[A-Za-z][\w/+-]*[:\[])")
SHORTHAND = re.compile(r"(?<![\w/]):(?=[A-Za-z+-][\w/+-]*:)|:(?=material/|streamlit:)")
# icons and emoji are put in after the backslashes are read; addresses stay as they are
MONEY = re.compile(
    r"(?<![\\$])\$(?=\d)(?![^$\n]{0,200}[\\^_=][^$\n]{0,200}(?<!\s)\$(?!\d))"
)  # a dollar before a digit, unless it opens what is a formula by its marks and its end
AUTOLINK = re.compile(r"(?i)<(?!https?:|mailto:)([a-z][a-z0-9+.-]*:)")
LINK = re.compile(r"(?i)\](?=[(:](?!\s*<?(?:https?://|mailto:)))")
CODE = re.compile(
    r"(?ms)^ {0,3}(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?<![`\\])(?P<tick>`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=tick)(?!`)"
)
BLOCK_FORMULA = re.compile(r"(?s)(?<!\\)\\\[((?:(?!\\\[).){1,1000}?)(?<!\\)\\\]")
FORMULA = re.compile(r"(?<!\\)\\\(((?:(?!\\\()[^\n]){1,1000}?)(?<!\\)\\\)")


def inert(text: str) -> str:
    """Markdown that shows as text and simple marks only.

    The mark of an image is taken apart, so that nothing remote is loaded, and so is that of a link
    to anything but http, https and mail addresses; the shorthand for colours, icons and badges is
    shown as it was written; a dollar before a digit is money, not a formula, unless its marks say
    so; formulas between backslashed brackets are set as formulas. In code only what could load or
    run is taken apart, by marks that do not show. HTML is never rendered: the caller passes the
    text to a renderer that escapes it.
    """
    text = text.replace("\x00", "\ufffd")
    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [_words(text[end : code.start()]), code.group()]
        end = code.end()
    return _disarmed("".join([*parts, _words(text[end:])]))


def _words(text: str) -> str:
    """Text outside of code: shorthand as it was written, formulas set, money as money."""
    text = MONEY.sub(r"\\$", DIRECTIVE.sub(r"\\:", SHORTHAND.sub(":\u200b", text)))
    text = BLOCK_FORMULA.sub(lambda found: f"\n$$\n{found[1].strip()}\n$$\n", text)
    return FORMULA.sub(lambda found: f"${found[1].strip()}$", text)


def _disarmed(text: str) -> str:
    """Text without marks that load or run; what is put in has no width."""
    text = IMAGE.sub("!\u200b", text)
    text = AUTOLINK.sub("<\u200b\\1", text)
    return LINK.sub("]\u200b", text)
