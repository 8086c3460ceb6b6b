"""Who may import whom, and how large things may grow: read from the code itself."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("core", "pages", "storage")
FILES = sorted(
    path
    for path in [ROOT / "app.py", *(p for f in FOLDERS for p in (ROOT / f).rglob("*.py"))]
    if path.exists() and "migrations/versions" not in path.as_posix()
)
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]
EVERY = pytest.mark.parametrize("name", NAMES)
LONGEST_FILE, LONGEST_FUNCTION = 300, 60
VAGUE = re.compile(r"(^|_)(util|utils|helper|helpers|common|misc|manager)($|_)")
NETWORK = {
    "openai", "httpx", "httpx2", "requests", "aiohttp", "socket", "urllib.request", "http.client",
    "websockets",
}  # fmt: skip
PROCESSES = {"subprocess", "multiprocessing"}
STARTERS = {"core/sandbox.py", "core/services/runner_process.py"}


def tree(name):
    return ast.parse((ROOT / name).read_text("utf-8"))


def imported(name):
    """Every module that a file imports, also inside functions, as dotted names."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: write imports in full"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
            found.add(str(node.module))
    return found


def brings(modules, *roots):
    """The modules that are one of `roots` or lie inside one."""
    return sorted(m for m in modules if any(m == r or m.startswith(f"{r}.") for r in roots))


def room(name):
    """The part of the house that a file belongs to."""
    if name.startswith("core/services/"):
        return "services"
    if name.startswith("core/cli/"):
        return "cli"
    if name == "core/settings.py":
        return "settings"
    return "pages" if name == "app.py" else name.split("/")[0].replace("core", "parts")


FORBIDDEN = {
    "parts": ("storage", "streamlit", "pages", "app", "core.services", "core.cli", "core.settings"),
    "settings": ("storage", "streamlit", "pages", "app", "core.services", "core.cli"),
    "services": ("streamlit", "pages", "app", "core.cli"),
    "cli": ("storage", "streamlit", "pages", "app"),
    "pages": ("storage", "core.cli", "sqlalchemy", "sqlmodel"),
    "storage": ("core", "streamlit", "pages", "app"),
}


@EVERY
def test_a_room_imports_only_what_it_may(name):
    assert brings(imported(name), *FORBIDDEN[room(name)]) == []


@EVERY
def test_only_the_model_client_reaches_the_network(name):
    if name == "core/wire.py":
        return
    assert brings(imported(name), *NETWORK) == []


def test_only_the_model_client_knows_the_client_library():
    assert [n for n in NAMES if brings(imported(n), "openai")] == ["core/wire.py"]


@EVERY
def test_only_two_files_start_processes(name):
    if name in STARTERS:
        return
    assert brings(imported(name), *PROCESSES) == []
    called = {ast.unparse(n.func) for n in ast.walk(tree(name)) if isinstance(n, ast.Call)}
    assert not called & {"os.system", "os.popen", "os.fork", "os.posix_spawn", "pty.spawn"}


@EVERY
def test_nothing_is_run_that_came_as_text(name):
    called = {ast.unparse(n.func) for n in ast.walk(tree(name)) if isinstance(n, ast.Call)}
    assert not called & {
        "eval", "exec", "compile", "__import__", "pickle.loads", "pickle.load",
        "yaml.unsafe_load", "marshal.loads", "pd.read_pickle",
    }  # fmt: skip


@EVERY
def test_yaml_is_read_safely(name):
    """By the one loader of the project: a safe one that refuses a key given twice."""
    loads = [
        ast.unparse(n)
        for n in ast.walk(tree(name))
        if isinstance(n, ast.Call) and ast.unparse(n.func) == "yaml.load"
    ]
    assert all("Loader=StrictLoader" in call for call in loads)


@EVERY
def test_who_is_here_is_asked_in_one_place(name):
    if name == "pages/widgets/identity.py":
        return
    asked = {ast.unparse(n) for n in ast.walk(tree(name)) if isinstance(n, ast.Attribute)}
    assert not asked & {"st.user", "st.experimental_user", "streamlit.user"}


@EVERY
def test_raw_html_is_written_in_one_place(name):
    if name == "pages/widgets/look.py":
        return
    keywords = {n.arg for n in ast.walk(tree(name)) if isinstance(n, ast.keyword)}
    called = {ast.unparse(n.func) for n in ast.walk(tree(name)) if isinstance(n, ast.Call)}
    assert "unsafe_allow_html" not in keywords and "st.html" not in called


@EVERY
def test_a_file_is_short_and_so_are_its_functions(name):
    text = (ROOT / name).read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE, "split it by noun"
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(tree(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == {}


@EVERY
def test_a_module_is_named_by_what_it_holds(name):
    assert not any(VAGUE.search(part) for part in Path(name).with_suffix("").parts)


@EVERY
def test_pages_hold_no_classes(name):
    if not re.fullmatch(r"pages/\w+\.py", name):
        return
    assert [n.name for n in ast.walk(tree(name)) if isinstance(n, ast.ClassDef)] == []


@EVERY
def test_only_the_command_line_prints(name):
    if room(name) == "cli":
        return
    called = {ast.unparse(n.func) for n in ast.walk(tree(name)) if isinstance(n, ast.Call)}
    assert "print" not in called


@EVERY
def test_no_error_is_passed_over_in_silence(name):
    bare = [n.lineno for n in ast.walk(tree(name))
            if isinstance(n, ast.ExceptHandler) and n.type is None]  # fmt: skip
    assert bare == []


def test_the_walk_sees_the_house():
    """The rules above look at real files: one of each room is among them."""
    assert {room(name) for name in NAMES} == set(FORBIDDEN)
    assert "storage.database" in imported("storage/judgments.py")
    assert brings({"storage.tables"}, "storage") and not brings({"storages"}, "storage")
