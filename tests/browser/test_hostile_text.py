"""Model text is inert: it shows, and nothing in it loads or runs."""

import pytest
from playwright.sync_api import expect

from core.protocol import from_yaml
from core.services import material, studies
from storage import items
from storage.database import Database
from tests.browser.conftest import press
from tests.services.conftest import ANA

pytestmark = pytest.mark.browser
REMOTE = "http://203.0.113.9"
ADDRESSES = "https://a.example/x www.a.example me@a.example"
HOSTILE = {
    "script": "before <script>window.hit = 1</script> after",
    "onerror": 'before <img src="x" onerror="window.hit = 1"> after',
    "remote": f"before ![pixel]({REMOTE}/track.png) after",
    "reference": f"before ![pixel][p] after\n\n[p]: {REMOTE}/track.png",
    "escaped": f"before \\\\![pixel]({REMOTE}/track.png) after",
    "link": "before [press](javascript:window.hit=1) after",
    "entity": "before [press](&#106;avascript:window.hit=1) after",
    "tab": "before [press](java\tscript:window.hit=1) after",
    "auto": "before <javascript:window.hit=1> after",
    "data": "before [press](data:text/html,<script>1</script>) after",
    "svg": '<svg onload="window.hit=1"><a href="javascript:window.hit=1">x</a></svg> after',
    "style": f"<style>@import url({REMOTE}/x.css);</style> after",
    "iframe": f'<iframe src="{REMOTE}/"></iframe> after',
    "icon": "before :material/home: :red[calm] after",
    "latex": r"before $\href{javascript:window.hit=1}{x}$ after",
    "latex image": r"before $\includegraphics{http://203.0.113.9/x}$ after",
    "line": "a" * 200_000 + " after",
}


TITLES = ".st-key-page-header, [class*=st-key-questions-], .asked"


@pytest.fixture(scope="module")
def hostile(app):
    """A study with one hostile text per item."""
    db = Database(app.database_url)
    study = studies.create(
        db, ANA,
        from_yaml(
            f"{{name: hostile, title: 'Hostile {ADDRESSES}', questions: "
            f"[{{kind: rating, name: ok, title: 'Fine? {ADDRESSES}'}}]}}"
        ),
    )  # fmt: skip
    with db.write() as connection:
        items.add_items(
            connection, study.id,
            ({"key": k, "content": {"prompt": {"kind": "text", "data": k}}, "meta": {}}
             for k in HOSTILE),
        )  # fmt: skip
        ids = items.item_ids(connection, study.id)
        items.add_outputs(
            connection, study.id,
            ({"item": ids[k], "key": "a", "content": {"kind": "text", "data": v}}
             for k, v in HOSTILE.items()),
        )  # fmt: skip
        material.add_missing_units(connection, study)
    studies.set_state(db, ANA, "hostile", "open")
    db.close()


@pytest.mark.parametrize("lane", ["native", "fast"])
def test_hostile_text_shows_and_does_nothing(app, visit, hostile, lane):
    page = visit(f"{app.url}/annotate?study=hostile&who=eve-{lane}&lane={lane}")
    asked, spoken = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (spoken.append(dialog.message), dialog.dismiss()))
    for place, name in enumerate(HOSTILE, 1):
        status = page.locator("[data-testid=stProgress], .status")
        expect(status).to_contain_text(f"{place} of up to {len(HOSTILE)}", timeout=20_000)
        expect(page.locator(TITLES).get_by_text("www.").last).to_be_visible()
        card = page.locator("[class*=st-key-card-], .responses > .card")
        expect(card).to_contain_text("after", timeout=20_000)
        found = card.evaluate(
            """card => ({
              bad: card.querySelectorAll("script, iframe, object, embed, style, img, form").length,
              svg: [...card.querySelectorAll("svg")].filter(s => s.hasAttribute("onload")).length,
              links: [...card.querySelectorAll("a")].map(a => a.protocol),
              wide: document.documentElement.scrollWidth - window.innerWidth,
            })"""
        )
        assert page.locator(TITLES).get_by_role("link").count() == 0, name
        assert found["bad"] == 0 and found["svg"] == 0, name
        assert set(found["links"]) <= {"http:", "https:", "mailto:"}, name
        assert found["wide"] <= 0, name
        for link in card.locator("a").all():
            assert not link.get_attribute("href").lower().startswith(("java", "data")), name
        if page.locator(".status").count():
            page.keyboard.press("1")
        else:
            press(page, "1")
    expect(page.get_by_text("Nothing left for you here").first).to_be_visible(timeout=20_000)
    assert page.evaluate("window.hit") is None and spoken == []
    assert [url for url in asked if "203.0.113.9" in url] == []
