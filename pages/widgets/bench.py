"""The import bench: the files in hand, the mapping being edited, and what it would do."""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.imports.attached import tables
from core.imports.base import File
from core.imports.form import PARTS, Form, columns, form_of, with_form
from core.imports.mapping import Mapped, MappingError, from_yaml
from core.services import exports, studies, transfer
from core.services.access import Identity
from core.services.exports import Choice
from core.services.store import Database
from core.services.studies import Study
from core.services.transfer import Preview
from core.settings import ROOT
from pages.widgets.words import plain

EXAMPLES = ROOT / "docs" / "examples"
TEXT = "data-mapping"
LABELS = {
    "key": "Key of an item", "fields": "Shown first", "responses": "Responses",
    "people": "Answers of people (a column each)", "models": "Answers of models (a column each)",
}  # fmt: skip
NEW = "A new study, as the mapping describes it"


def files() -> list[File]:
    """The files given: uploaded now, or the examples."""
    place = st.session_state.setdefault("data-turn", 0)
    given = st.file_uploader(
        "Files", accept_multiple_files=True, key=f"data-files-{place}",
        type=["jsonl", "ndjson", "json", "csv", "tsv", "parquet",
              "png", "jpg", "jpeg", "webp", "gif"],
    )  # fmt: skip
    found = [File(Path(file.name).name, file.getvalue()) for file in given]
    if found:
        return found
    if (EXAMPLES / "pairs.csv").is_file():
        st.toggle("Try it with the example files", key="data-example")
        if st.session_state.get("data-example"):
            return [File(p.name, p) for p in sorted(EXAMPLES.glob("*.csv"))]
    return []


def clear() -> None:
    """Put the files and the mapping away."""
    st.session_state["data-turn"] = st.session_state.get("data-turn", 0) + 1
    for key in ("data-example", TEXT, "data-looked", "data-known"):
        st.session_state.pop(key, None)


def digest(found: Sequence[File]) -> str:
    """What the files are, so that a change is noticed."""
    return hashlib.sha256("".join(f.name + f.digest() for f in found).encode()).hexdigest()


def mapping(found: Sequence[File], into: Study | None) -> Mapped | None:
    """The mapping as edited; None for files that need none. Raises `MappingError`.

    The first one is guessed for the study that takes the data, anew when another one is chosen.
    """
    if transfer.importer(found, None).kind != "mapped":
        st.caption("This file was exported by Concord and needs no mapping.")
        return None
    mark = f"{digest(found)} {into.key if into else ''}"
    if st.session_state.get("data-known") != mark:
        first, said = transfer.guess_mapping(found, into.protocol if into else None)
        st.session_state.update({TEXT: first.to_yaml(), "data-known": mark, "data-said": said})
    st.caption("A first guess: " + plain("; ".join(st.session_state["data-said"])) + ".")
    simple, whole = st.columns(2, gap="large")
    with whole:
        text = st.text_area("Mapping (YAML)", key=TEXT, height=460)
    with simple:
        _form(found, text)
    return from_yaml(text)


def _form(found: Sequence[File], text: str) -> None:
    """The main things of the mapping, to be chosen by name."""
    try:
        present = from_yaml(text)
    except MappingError:
        st.caption("Mend the mapping, and its main parts stand here again.")
        return
    name = present.items.file if present.items else ""
    file = next((f for f in found if f.name == name), tables(found)[0])
    options = columns(file, transfer.megabytes() * 1_000_000)
    form = form_of(present)
    with st.form("data-form"):
        for part in PARTS:
            chosen = [c for c in getattr(form, part) if c in options]
            st.multiselect(
                LABELS[part], options, default=chosen, key=f"form-{part}-{_mark(text)}",
                format_func=str,
            )  # fmt: skip
        st.form_submit_button("Use these columns", on_click=_apply, args=(present, text))


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _apply(present: Mapped, text: str) -> None:
    parts = {part: st.session_state[f"form-{part}-{_mark(text)}"] for part in PARTS}
    try:
        st.session_state[TEXT] = with_form(present, Form(**parts)).to_yaml()
    except MappingError as error:
        st.session_state["data-done"] = str(error)


def target(db: Database, who: Identity, study: Study | None) -> Study | None:
    """The study that takes the data; None for the one that the mapping describes.

    A study without material is taken first: its owner came here to fill it.
    """
    if study is None:
        return None
    rows = {row.key: row for row in studies.listing(db, who)}
    options = [NEW, study.key]
    chosen = st.radio(
        "Import into", options, key=f"data-into-{study.key}", horizontal=True,
        format_func=lambda k: k if k == NEW else plain(study.title),
        index=0 if rows[study.key].items else 1,
    )  # fmt: skip
    return None if chosen == NEW else study


def names_another(db: Database, who: Identity, plan: Mapped | None) -> None:
    """Say so when the study that a mapping describes is there already."""
    name = (plan.study or {}).get("name") if plan else None
    there = {row.key: row.title for row in studies.names(db, who)}
    if name in there:
        st.warning(
            f"The mapping names the study {plain(name)} ({plain(there[name])}), which is there "
            "already: the data go into it, and its own questions and fields hold. For a new study "
            "give it another name in the mapping.", icon=":material/warning:",
        )  # fmt: skip


def previewed(
    db: Database, who: Identity, found: Sequence[File], plan: Mapped | None, into: str | None
) -> Preview:
    """What importing would do; read again only when files, mapping or target changed."""
    mark = (digest(found), plan.to_yaml() if plan else "", into)
    known = st.session_state.get("data-looked")
    if known is None or known[0] != mark:
        known = (mark, transfer.preview(db, who, found, plan, into))
        st.session_state["data-looked"] = known
    return known[1]


def download(db: Database, who: Identity, study: str, choice: Choice) -> bytes:
    """The whole export as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        return exports.write(db, who, study, choice, Path(folder) / "export").path.read_bytes()
