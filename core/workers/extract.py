"""Takes the separate points out of a text, each with the words that it rests on."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import Field

from core.content.base import Content
from core.units import Draft, Invalid, Unit
from core.workers.base import Model, workers
from core.workers.thinker import WORDS, Thinker, a_text, many, of


@workers.register
class Extract(Thinker):
    """The points that a text makes, one a line: of each output that it reads, or of the item.

    `what` says which points are wanted (claims, weaknesses, requests). Each rests on a quotation,
    and a quotation that does not stand in the text is no valid reply. `points` in the facts holds
    point, quotation and place (start, end) of each.
    """

    kind = "extract"
    words = ("extract",)
    reads: tuple[str, ...] = ("answer",)
    writes: str = "points"
    what: str = "the separate points that it makes, good and bad"
    most: int = Field(default=20, ge=1, le=200, description="how many points may be made")

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        texts: list[tuple[str, Content]] = (
            [(o.key, o.content) for o in self.read(unit)]
            if self.reads
            else [("", _whole(self, unit))]
        )
        drafts = []
        for key, content in texts:
            reply = await self.think(
                llm, "extract", [("text", content)], self._closing(),
                of(points=many(of(point=WORDS, quote=WORDS), most=self.most)), repeat=repeat,
                check=partial(_placed, text=content.text()),
            )  # fmt: skip
            lines = "\n".join(point["point"] for point in reply.value)
            drafts.append(self.wrote(
                lines, reply, parent=key, key=key, repeat=repeat, facts={"points": reply.value}
            ))  # fmt: skip
        return drafts

    def _closing(self) -> str:
        return (
            f"Take out {self.what}; at most {self.most}. Reply in this form: "
            '{"points": [{"point": "one line in your words", "quote": "its words in the text"}]}'
        )


def _whole(worker: Thinker, unit: Unit) -> Content:
    return a_text("\n\n".join(content.text() for _, content in worker.seen(unit)))


def _placed(value: Mapping[str, Any], text: str) -> list[dict[str, Any]]:
    """The points with the places of their quotations; raises `Invalid` for one that has none."""
    found = []
    for number, point in enumerate(value["points"], 1):
        line = " ".join(point["point"].split())
        start = text.find(point["quote"])
        if start < 0 or not line:
            raise Invalid(
                f"point {number}", "its quotation does not stand in the text, word for word"
            )
        end = start + len(point["quote"])
        found.append({"point": line, "quote": point["quote"], "start": start, "end": end})
    return found
