"""Pictures that come with an import: given beside the tables, or lying in their folder."""

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from core.content.image import MOST_BYTES, SUFFIXES, data_url
from core.imports.base import File
from core.units import Invalid

MOST_ATTACHED = 200_000_000


def is_picture(file: File) -> bool:
    """Whether a file is a picture by its name."""
    return Path(file.name).suffix.lower() in SUFFIXES


def tables(files: Sequence[File]) -> list[File]:
    """The files that hold rows; all of them where every one is a picture."""
    return [file for file in files if not is_picture(file)] or list(files)


def beside(files: Sequence[File], table: File) -> Callable[[str], str]:
    """Reads a picture by the name that a table gives it, as a data URL.

    It is looked for among the files given and, where the table is a file on disk, in its folder and
    below; never elsewhere. Raises `Invalid` for a name that leads out of there, a file that is not
    there, is no picture, is larger than 5 MB, or is too much with those read before.
    """
    given = {file.name: file for file in files if is_picture(file)}
    read = 0

    def picture(name: str) -> str:
        nonlocal read
        found = _bytes(_inside(name), given, table)
        if len(found) > MOST_BYTES:
            size = f"{len(found) / 1e6:.1f} MB"
            raise Invalid("file", f"{name}: at most {MOST_BYTES // 1_000_000} MB, found {size}")
        read += len(found)
        if read > MOST_ATTACHED:
            most = f"at most {MOST_ATTACHED // 1_000_000} MB of pictures in one import"
            raise Invalid("file", f"{most}; split it")
        return data_url(found, name)

    return picture


def _inside(name: str) -> PurePosixPath:
    """The name as a path that stays where it begins."""
    path = PurePosixPath(name.strip())
    outside = path.is_absolute() or ".." in path.parts or set(name) & {"\\", ":", "\x00"}
    if outside or len(name) > 1000:
        raise Invalid(
            "file", f"{name[:60]!r} leads out of the import; name a file beside the table"
        )
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise Invalid("file", f"expected the name of a picture ({known}), found {name[:60]!r}")
    return path


def _bytes(path: PurePosixPath, given: dict[str, File], table: File) -> bytes:
    file = given.get(str(path)) or given.get(path.name)
    if file is not None:
        return file.data if isinstance(file.data, bytes) else _limited(file.data)
    if isinstance(table.data, Path):
        folder = table.data.resolve().parent
        found = (folder / path).resolve()
        if found.is_relative_to(folder) and found.is_file():
            return _limited(found)
    raise Invalid("file", f"no picture called {str(path)!r} was given with the table")


def _limited(path: Path) -> bytes:
    """The bytes of a file, and one more than is allowed where it is too large."""
    with path.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)
