"""Says to the browser in which language the page is."""

from pages.widgets.components import part


def language(code: str, *, whole: bool) -> None:
    """Mark the page's language, or that of its sidebar and header where the rest is in English."""
    data = {"key": "language", "language": code, "whole": whole}
    part("language", isolated=False)(key="language", data=data)
