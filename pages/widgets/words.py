"""Text that somebody else wrote, fit for a label."""

import re

LISTED = re.compile(r"^([ \t]*\d{0,9})([.)+-])(?=\s)", re.MULTILINE)
ADDRESS = re.compile(r"(?i)https?:(?=//)|www(?=\.)|(?<=[\w.+-])@(?=[\w-])")


def plain(text: str) -> str:
    """Text whose marks are shown as they are: for labels, captions and titles.

    What Streamlit would make a link of by itself (web and mail addresses) is taken apart by a mark
    that does not show; a line that begins like one of a list ("25. May") is none.
    """
    text = ADDRESS.sub("\\g<0>\u200b", text)
    return LISTED.sub(r"\1\\\2", "".join(f"\\{c}" if c in r"\`*_[]#$~:<>!|" else c for c in text))


def capital(text: str) -> str:
    """The text with its first letter large, and the others as they are."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence: its first letter large, and a full stop at its end."""
    return capital(text) + "." * bool(text and not text.endswith((".", "!", "?", "؟", "…")))


def short(text: str, most: int) -> str:
    """A text on one line, of at most `most` letters: the end of a longer one is left out."""
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def span(seconds: float) -> str:
    """A length of time in words."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
