"""Text shown exactly as it is."""

from core.content.base import contents
from core.content.text import TextContent
from core.ui import Ui


@contents.register
class Plain(TextContent):
    """A text whose marks, blanks and line breaks are part of what is judged; `data` is a string."""

    kind = "plain"

    def show(self, ui: Ui) -> None:
        ui.plain(self.data)

    @classmethod
    def example(cls) -> "Plain":
        return cls("Dear Sir,\n    *this* asterisk is meant as written.\nYours")
