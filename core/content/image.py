"""A picture, kept inside the study."""

import base64
import binascii
import re
import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image as Picture
from PIL import UnidentifiedImageError

from core.content.base import Content, ReadFile, Segment, contents, storable
from core.content.reading import record, text
from core.ui import Ui
from core.units import Invalid

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif"}
DATA_URL = re.compile(r"data:([a-zA-Z0-9/+.-]{0,60});base64,", re.ASCII)
MOST_BYTES = 5_000_000
MOST_PIXELS = 40_000_000
KINDS = "PNG, JPEG, WebP or GIF"


@contents.register
class Image(Content):
    """A picture; `data` is `{"url": data URL, "alt": ..., "width": ..., "height": ...}`.

    In files: a data URL, or the name of a file given with the import, bare or as `{"file": ...,
    "alt": ...}`. Its format is read from its bytes. Nothing is ever fetched from an address.
    """

    kind = "image"
    fixed = frozenset({"url"})

    @classmethod
    def parse(cls, raw: Any) -> "Image":
        if isinstance(raw, str):
            raw = {"url": raw}
        raw = record(raw, "image", "url (a data URL) or file, and alt")
        if "file" in raw and "url" not in raw:
            expected = "give the picture's file with the import, beside the table that names it"
            raise Invalid("image, file", expected)
        url, width, height = checked(raw.get("url"), "image")
        kept = {"url": url, "width": width, "height": height}
        alt = text(raw.get("alt"), "image, alt")
        return cls(kept | ({"alt": alt} if alt else {}))

    @classmethod
    def attach(cls, raw: Any, read: ReadFile) -> Any:
        if isinstance(raw, str) and not raw.lstrip().startswith(("data:", "{", "[")):
            return {"url": read(raw)}
        if isinstance(raw, dict) and isinstance(raw.get("file"), str) and "url" not in raw:
            return {"url": read(raw["file"])} | {k: v for k, v in raw.items() if k != "file"}
        return raw

    def show(self, ui: Ui) -> None:
        ui.picture(
            self.data["url"], alt=self.data.get("alt", ""), width=self.data["width"],
            height=self.data["height"],
        )  # fmt: skip

    def text(self) -> str:
        size = f"{self.data['width']} x {self.data['height']} pixels"
        return f"[picture, {size}]" + (f" {self.data['alt']}" if self.data.get("alt") else "")

    def messages(self) -> list[dict[str, Any]]:
        return [
            {"type": "text", "text": self.text()},
            {"type": "image_url", "image_url": {"url": self.data["url"]}},
        ]

    def segments(self) -> Sequence[Segment]:
        words = self.text()
        return [Segment("picture", words, 0, len(words))]

    @classmethod
    def example(cls) -> "Image":
        made = BytesIO()
        Picture.new("RGB", (160, 100), "#7fa8a9").save(made, "PNG")
        return cls.parse({"url": data_url(made.getvalue()), "alt": "An even, grey-green field"})


def data_url(found: bytes, where: str = "image") -> str:
    """The bytes of a picture as a data URL; raises `Invalid` when they are none."""
    kind = _looked_at(found, where)[0]
    return f"data:{kind};base64,{base64.b64encode(found).decode()}"


def checked(url: Any, where: str) -> tuple[str, int, int]:
    """A data URL in its one form with width and height; raises `Invalid` for anything else."""
    url = storable(url, f"{where}, url") if len(str(url)) < 2 * MOST_BYTES else ""
    head = DATA_URL.match(url)
    if head is None:
        if re.match(r"(?i)\s*(https?:|//|ftp:)", url):
            expected = "a picture is never fetched from an address; give its file or a data URL"
            raise Invalid(f"{where}, url", expected)
        size = f"of at most {MOST_BYTES // 1_000_000} MB"
        raise Invalid(f"{where}, url", f"expected a data URL (data:image/png;base64,...) {size}")
    try:
        found = base64.b64decode("".join(url[head.end() :].split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(f"{where}, url", "the base64 of the data URL is broken") from None
    kind, width, height = _looked_at(found, where)
    return f"data:{kind};base64,{base64.b64encode(found).decode()}", width, height


def _looked_at(found: bytes, where: str) -> tuple[str, int, int]:
    """Type, width and height as the bytes themselves say."""
    if len(found) > MOST_BYTES:
        size = f"{len(found) / 1e6:.1f} MB"
        raise Invalid(where, f"at most {MOST_BYTES // 1_000_000} MB a picture, found {size}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Picture.open(BytesIO(found), formats=list(FORMATS)) as opened:
                kind, (width, height) = FORMATS[str(opened.format)], opened.size
                opened.verify()
    except (UnidentifiedImageError, Picture.DecompressionBombError):
        raise Invalid(where, f"expected a picture: {KINDS}, by its bytes") from None
    except (OSError, SyntaxError, ValueError, IndexError, KeyError, MemoryError, EOFError):
        raise Invalid(where, "the picture is broken") from None
    if not 0 < width * height <= MOST_PIXELS:
        raise Invalid(where, f"at most {MOST_PIXELS:,} pixels, found {width} x {height}")
    return kind, width, height
