"""Everything that an annotator may read is in the catalogues, in each of their languages."""

import ast
import copy
import pickle
import re
from string import Formatter

import pytest

from core.protocol import STATES, from_data
from core.services import history, preferences, studies
from core.services.access import ALLOWED, Denied, require
from core.services.answering import Conflict, Reworded
from core.services.store import Unavailable
from core.services.studies import Refused
from core.services.tickets import SHOWN_STAGES
from core.settings import ROOT
from core.telling import Told
from pages.widgets.texts import Words, catalogue, languages
from pages.widgets.words import sentence
from storage.trouble import POSTGRES, SQLITE
from tests.pages.conftest import words
from tests.pages.test_annotate import press
from tests.services.conftest import ANA, EVA

OTHERS = sorted(set(languages()) - {"en"})
ASKED = re.compile(r"""(?:\bsaid|\bwords|\bspeaking\(\)|\["words"\])\(\s*"([a-z_]+)"[,)\s]""")
EITHER = re.compile(r"""(?:\bsaid|\bspeaking\(\))\(\s*"([a-z_]+)" if [^()]*? else "([a-z_]+)"\)""")
SERVICES = (
    "answering", "answer_rows", "assignment", "comments", "consent", "people", "ahead", "access",
    "sequels", "checking",
)  # fmt: skip
WHOLE = (
    "app.py", "pages/main.py", "pages/home.py", "pages/annotate.py", "pages/work.py",
    "pages/messages.py",
    *(f"pages/widgets/{name}.py" for name in (
        "look", "identity", "workspace", "glimpse", "panels", "notices", "cover", "desk", "lane",
        "typing", "tongue", "digits",
    )),
)  # fmt: skip
DRAWN = {
    "button", "caption", "markdown", "error", "info", "success", "warning", "toggle", "checkbox",
    "radio", "selectbox", "text_input", "form_submit_button", "segmented_control", "tabs", "toast",
    "expander", "title", "progress", "header", "empty_state", "Page",
}  # fmt: skip
SAYING = {"help", "placeholder", "title", "label", "text", "button"}
MARKS = re.compile(r"(:[a-z]+)?-badge\[")


def facts(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def tree(path):
    return ast.parse((ROOT / path).read_text("utf-8"))


def assigned(path, name):
    """The value of a constant of a file that is a page, and so runs when it is imported."""
    (found,) = [
        node.value
        for node in tree(path).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    return ast.literal_eval(found)


PAGES = tuple(assigned("pages/main.py", "PAGES"))


def named():
    """Names of texts that the pages ask for, as they stand in the code or are put together."""
    found = set()
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]:
        source = path.read_text("utf-8")
        found |= set(ASKED.findall(source))
        found |= {name for pair in EITHER.findall(source) for name in pair}
    found |= {f"page_{name}" for name in PAGES} | {f"status_{name}" for name in history.STATUSES}
    found |= {f"sensitive_{name}" for name in ("cover", "show", "skip")}
    found |= {f"stage_{name}" for name in SHOWN_STAGES}
    found |= {f"group_{name}" for name in ("people", "models", "all")}
    return found | {"thread_comment", "thread_flag", "no_study_more", "no_study_runs"}


def test_the_pages_ask_for_no_text_that_there_is_not():
    found = named()
    assert {"judging_as", "page_work", "no_study", "go_on_judging", "start_judging"} <= found
    assert found <= set(catalogue("en"))


def told_in(path):
    """The texts of every `Told` in a file; None for one that is put together from data."""
    found = set()
    for function in [
        n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.Module)
    ]:
        held = {
            target.id: node.value.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in [n for n in ast.walk(function) if isinstance(n, ast.Call)]:
            if isinstance(call.func, ast.Name) and call.func.id == "Told" and call.args:
                text = call.args[0]
                if isinstance(text, ast.Constant):
                    found.add(text.value)
                elif isinstance(text, ast.Name) and isinstance(function, ast.FunctionDef):
                    found.add(held.get(text.id))
    return found


def every_told():
    """Every text of a message of the services and questions, and the words that go into them."""
    found = set()
    for path in [*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        if path.name != "telling.py":
            found |= told_in(path.relative_to(ROOT))
    actions = {action.replace("_", " ") for may in ALLOWED.values() for action in may}
    return (found - {None}) | {*STATES, *SQLITE.values(), *POSTGRES.values()} | actions


@pytest.mark.parametrize("code", sorted(languages()))
def test_messages_of_services_and_questions_are_in_every_language(code):
    told = every_told()
    assert {"an answer is needed", "expected {range}; found {value}", "paused"} <= told
    other = catalogue(code)
    for text in told:
        assert facts(other[text]) == facts(text), text
        assert code != "en" or other[text] == text
    assert {*preferences.MOVES, *preferences.REVIEWING} <= set(other)


@pytest.mark.parametrize("name", SERVICES)
def test_services_that_an_annotator_meets_say_what_can_be_translated(name):
    raised = [n.exc for n in ast.walk(tree(f"core/services/{name}.py")) if isinstance(n, ast.Raise)]
    plain = [
        ast.unparse(error)
        for error in raised
        if isinstance(error, ast.Call)
        and error.args
        and isinstance(error.args[-1], ast.Constant | ast.JoinedStr)
    ]
    assert plain == []


def literal(node):
    """The letters that a label has in the code itself; '' where all come from elsewhere."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = " ".join(p.value for p in parts if isinstance(p, ast.Constant) and p.value is not None)
    return "".join(re.findall(r"[A-Za-z]{2,}", MARKS.sub("", str(text))))


@pytest.mark.parametrize("path", WHOLE)
def test_what_an_annotator_reads_is_not_written_in_the_code(path):
    found = []
    for call in [n for n in ast.walk(tree(path)) if isinstance(n, ast.Call)]:
        if ast.unparse(call.func).split(".")[0] not in {"st", "look"}:
            continue
        if ast.unparse(call.func).split(".")[-1] not in DRAWN:
            continue
        shown = [*call.args[:1], *(k.value for k in call.keywords if k.arg in SAYING)]
        found += [
            ast.unparse(node)
            for node in shown
            if isinstance(node, ast.Constant | ast.JoinedStr) and literal(node)
        ]
    assert found == []


def test_a_message_is_english_and_keeps_what_it_is_made_of():
    made = Told("at most {most} characters; this has {n}", most=5, n="{x}")
    assert made == "at most 5 characters; this has {x}" and f"{made}." == made + "."
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert again == made and (again.text, again.facts) == (made.text, made.facts)


def test_errors_are_said_in_the_language_and_what_is_unknown_stays():
    said = Words("de")
    closed = Refused(
        Told("this study is {state} and takes no answers now", state=Told("paused"))
    )  # fmt: skip
    assert "Zustand „ruht“" in said.of(closed) and "is paused" in str(closed)
    assert said.of(Reworded()).startswith("die Fragen wurden geändert")
    full = Unavailable(f"The database cannot be used now: {SQLITE['SQLITE_FULL']}.",
                       SQLITE["SQLITE_FULL"])  # fmt: skip
    assert said.of(full).startswith("Die Datenbank ist jetzt nicht zu gebrauchen: die Platte")
    assert "(#7)" in said.of(Conflict("another window", 7)) and "Fenster" in said.of(
        Conflict("", 7)
    )
    assert said.of(Refused("open")) == "open"  # what nobody marked is never taken for a text
    with pytest.raises(Denied) as denied:
        require(type(ANA)("zoe", frozenset()), "annotate")
    assert "zoe darf das nicht: urteilen" in said.of(denied.value)


def test_a_sentence_keeps_its_other_capitals():
    assert sentence("diese Studie ist zu") == "Diese Studie ist zu."
    assert sentence("Ja.") == "Ja." and sentence("") == ""


def in_german(db, **changes):
    """The small study in German."""
    study = studies.load(db, "small")
    data = {**study.protocol.data(), "language": "de", **changes}
    return studies.edit(db, EVA, "small", from_data(data), study.version)


TITLES = {
    "home": "A small study", "annotate": "Beurteilen", "work": "Meine Arbeit",
    "messages": "Nachrichten", "agreement": "Übereinstimmung", "review": "Prüfen",
    "people": "Personen", "outcomes": "Ergebnisse", "ask": "Fragen", "runs": "Modellläufe",
    "judges": "Urteilende", "data": "Daten", "studies": "Studien",
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_frame_and_header_of_every_page_speak_the_language(small, workspace, opened, name):
    in_german(workspace)
    page = opened(name, who="ana", study="small")
    assert page.title[0].value == TITLES[name]
    assert page.sidebar.selectbox[0].label == "Studie"
    assert "Person wechseln" in [b.label for b in page.sidebar.button]
    said = words(page)
    assert "als ana" in said and "Du urteilst als **ana**" in said and "badge[offen]" in said


def test_home_work_and_messages_speak_the_language(small, workspace, opened):
    in_german(workspace)
    home = words(opened("home", who="ana", study="small"))
    assert "Dein Anteil" in home and "0 von 6" in home and "Noch nicht bekannt" in home
    assert "Wer urteilt?" in words(opened("home", study="small"))
    page = opened("work", who="ana", study="small")
    assert "Noch nichts von dir" in words(page)
    assert "Einstellungen speichern" in [b.label for b in page.button]
    assert "Keine Nachrichten" in words(opened("messages", who="ana", study="small"))


def test_what_a_service_refuses_is_said_in_the_language(small, workspace, opened):
    in_german(workspace)
    page = opened("annotate", who="ana", study="small")
    press(page, "Absenden")
    assert "„Which is better“ braucht eine Antwort" in words(page).replace("?", "")
    studies.set_state(workspace, EVA, "small", "paused")
    said = words(opened("annotate", who="ana", study="small"))
    assert "Diese Studie ist im Zustand „ruht“ und nimmt jetzt keine Antworten an." in said
    assert "öffne sie auf der Seite „Studien“" in words(opened("home", who="ana", study="small"))


def test_another_language_is_there_at_once(small, workspace, opened):
    page = opened("work", who="ana", study="small")
    next(s for s in page.selectbox if s.label == "Language of the desk").select("ar")
    press(page, "Save settings")
    assert page.title[0].value == "عملي" and "تغيير الشخص" in [b.label for b in page.button]
    assert "حُفظت" in words(page)
    assert preferences.load(workspace, ANA, "small").language == "ar"
    page.text_input(key="key-submit").set_value("b")
    press(page, "حفظ الإعدادات")
    said = words(page).replace("\u2068", "").replace("\u2069", "")
    assert "المفتاح نفسه «b»" in said and "«إرسال»" in said


def test_without_a_study_the_frame_is_there(opened):
    assert opened("home", who="ana").title[0].value == "Welcome to Concord"
