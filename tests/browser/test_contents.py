"""Material of every kind in Chromium: inert, accessible, and shown beside its questions."""

import pytest
from playwright.sync_api import expect

from core.content.base import contents
from core.protocol import from_yaml
from core.services import material, studies
from storage import items
from storage.database import Database
from tests.browser.conftest import settled
from tests.browser.test_accessibility import both_themes
from tests.browser.test_hostile_text import REMOTE
from tests.services.conftest import ANA

pytestmark = pytest.mark.browser
HOSTILE = [
    "<script>window.hit = 1</script>",
    '<img src="x" onerror="window.hit = 1">',
    '<svg onload="window.hit=1"><a href="javascript:window.hit=1">x</a></svg>',
    f"![pixel]({REMOTE}/track.png) [press](javascript:window.hit=1)",
    f"<style>@import url({REMOTE}/x.css);</style><iframe src='{REMOTE}/'></iframe>",
    r"$\href{javascript:window.hit=1}{x}$ :material/home: <javascript:window.hit=1>",
]
FOUR = """
questions:
  - {kind: pairwise, name: better, title: "Which is better?", both_bad: true}
  - {kind: rating, name: clear, title: "How clear is it?", anchors: {1: muddy, 5: clear}}
  - {kind: label, name: tone, title: "What is the tone?", labels: {warm: "", cold: ""}}
  - {kind: text, name: why, title: "Why?"}
"""


def hostile(content):
    """The content with a hostile text for every text of more than one line, in turn."""
    turn = iter(range(10**6))
    return content.mapped(lambda text: f"{text} {HOSTILE[next(turn) % len(HOSTILE)]} after")


def made(app, name, fields, questions, outputs=()):
    """An open study of one item."""
    db = Database(app.database_url)
    kinds = "{" + ", ".join(f"{n}: {c.kind}" for n, c in fields.items()) + "}"
    study = studies.create(
        db, ANA, from_yaml(f"name: {name}\ntitle: {name}\nfields: {kinds}\n{questions}")
    )
    with db.write() as connection:
        stored = {n: c.stored() for n, c in fields.items()}
        items.add_items(connection, study.id, [{"key": "one", "content": stored, "meta": {}}])
        item = items.item_ids(connection, study.id)["one"]
        items.add_outputs(
            connection, study.id,
            [{"item": item, "key": key, "content": {"kind": "text", "data": text}}
             for key, text in zip("ab", outputs, strict=False)],
        )  # fmt: skip
        material.add_missing_units(connection, study)
    studies.set_state(db, ANA, name, "open")
    db.close()


def test_every_kind_is_inert_and_accessible(app, visit):
    fields = {f"the_{kind}": hostile(contents[kind].example()) for kind in contents}
    made(app, "kinds", fields, 'questions: [{kind: rating, name: ok, title: "Fine"}]')
    page = visit(f"{app.url}/?who=eve&study=kinds")
    asked, spoken = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (spoken.append(dialog.message), dialog.dismiss()))
    page.goto(f"{app.url}/annotate?who=eve&study=kinds")
    settled(page)
    frames = page.locator("[class*=st-key-field-]")
    expect(frames).to_have_count(len(contents))
    for kind in contents:
        expect(page.locator(f"[class*=st-key-field-][class*=the-{kind}]")).to_contain_text(
            "Image" if kind == "image" else "after", ignore_case=True, timeout=20_000
        )
    found = page.evaluate(
        """() => {
          const all = [];
          const walk = (root) => root.querySelectorAll("*").forEach((one) => {
            all.push(one);
            if (one.shadowRoot) walk(one.shadowRoot);
          });
          document.querySelectorAll("[class*=st-key-field-]").forEach(walk);
          const tags = (name) => all.filter((e) => e.localName === name);
          return {
            bad: ["script", "iframe", "object", "embed", "form"].flatMap(tags).length,
            hooks: all.filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
            images: tags("img").map((e) => e.src),
            links: tags("a").map((e) => e.protocol),
            hit: window.hit ?? null,
          };
        }"""
    )
    assert found["bad"] == 0 and found["hooks"] == 0 and found["hit"] is None and spoken == []
    assert set(found["links"]) <= {"http:", "https:", "mailto:"}
    assert all(source.startswith(app.url) for source in found["images"])
    assert [url for url in asked if "203.0.113.9" in url] == []
    assert both_themes(page) == []


def test_both_sides_of_a_change_are_seen_on_a_phone(app, visit):
    change = contents["diff"].parse({"old": "Keep it.", "new": "Cool it.", "view": "split"})
    made(app, "sides", {"change": change}, 'questions: [{kind: rating, name: ok, title: "Fine"}]')
    page = visit(f"{app.url}/annotate?who=eve&study=sides", size="phone")
    cells = page.locator("table.diff tbody tr:last-child td")
    expect(cells).to_have_count(4)
    boxes = [cells.nth(n).bounding_box() for n in range(4)]
    assert boxes[0]["width"] < 60 and boxes[2]["width"] < 60
    assert boxes[1]["width"] == pytest.approx(boxes[3]["width"], abs=1)
    frame = page.locator(".scroll:has(table.diff)").bounding_box()
    assert boxes[3]["x"] + 40 < frame["x"] + frame["width"]


@pytest.fixture(scope="module")
def compared(app):
    """Two responses of three hundred words, and four questions."""
    texts = [" ".join(f"word{n % 9}" for n in range(300)) + f" end{key}." for key in "ab"]
    fields = {"prompt": contents["text"].parse("How long does cooked rice keep?")}
    made(app, "compared", fields, FOUR, texts)
    return f"{app.url}/annotate?who=eve&study=compared"


def test_two_responses_and_four_questions_fit_the_desk(visit, compared):
    page = visit(compared)
    cards = page.locator("[class*=st-key-card-]")
    expect(cards.first).to_have_attribute("tabindex", "0", timeout=20_000)
    for title in ("Which is better?", "How clear is it?", "What is the tone?"):
        expect(page.get_by_text(title)).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("Why?")).to_be_in_viewport(ratio=0.9)
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport(ratio=1)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollHeight - e.clientHeight") <= 1
    boxes = [cards.nth(n).bounding_box() for n in range(2)]
    assert boxes[0]["height"] == pytest.approx(boxes[1]["height"], abs=1)
    assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=1) and boxes[0]["height"] >= 200
    cards.nth(1).focus()
    page.keyboard.press("End")
    page.wait_for_function(
        "() => document.querySelectorAll('[class*=st-key-card-]')[1].scrollTop > 0"
    )


def test_responses_stack_in_a_narrow_window(visit, compared):
    page = visit(compared)
    page.set_viewport_size({"width": 320, "height": 700})
    cards = page.locator("[class*=st-key-card-]")
    expect(cards).to_have_count(2)
    boxes = [cards.nth(n).bounding_box() for n in range(2)]
    assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport(ratio=1)


def test_a_long_document_is_searched_beside_its_questions(app, visit):
    text = "\n\n".join(
        f"Paragraph {n} of a **needle{'' if n % 20 else 's'}** story." for n in range(200)
    )
    fields = {"document": contents["text"].parse(text)}
    made(app, "document", fields, 'questions: [{kind: rating, name: ok, title: "Fine"}]')
    page = visit(f"{app.url}/annotate?who=eve&study=document")
    box = page.get_by_role("searchbox", name="Find in the text")
    box.fill("needles story")
    expect(page.get_by_text("1 of 10")).to_be_visible()
    box.press("Enter")
    box.press("Enter")
    expect(page.get_by_text("3 of 10")).to_be_visible()
    expect(page.get_by_text("Paragraph 40 of a")).to_be_in_viewport()
    expect(page.get_by_text("Fine")).to_be_in_viewport(ratio=1)
    box.fill("nowhere")
    expect(page.get_by_text("nothing found")).to_be_visible()
