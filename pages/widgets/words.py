"""Text that somebody else wrote, fit for a label."""


def plain(text: str) -> str:
    """Text whose marks are shown as they are: for labels, captions and titles."""
    return "".join(f"\\{c}" if c in r"\`*_[]#$~:<>!|" else c for c in text)


def span(seconds: float) -> str:
    """A length of time in words."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
