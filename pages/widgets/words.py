"""Text that somebody else wrote, fit for a label."""


def plain(text: str) -> str:
    """Text whose marks are shown as they are: for labels, captions and titles."""
    return "".join(f"\\{c}" if c in r"\`*_[]#$~:<>!|" else c for c in text)
