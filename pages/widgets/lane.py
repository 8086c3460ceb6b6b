"""The fast lane of the desk: units go ahead to the browser, answers come back by an outbox.

For studies that ask only questions of one press, show nothing that this lane cannot draw as it is,
and reveal no verdict. Every entry of the outbox is one call of the services that the desk with
native widgets makes; an entry is carried out once, however often it arrives.
"""

import re
import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.policies import WALKS
from core.services import ahead, answering, assignment, comments, studies
from core.services.access import Denied, Identity
from core.services.answering import Conflict
from core.services.assignment import Ticket
from core.services.consent import NoConsent
from core.services.store import Database, Unavailable
from core.services.studies import Study
from core.ui import Recorder, Reordered
from core.units import Invalid
from pages.widgets import panels
from pages.widgets.components import part
from pages.widgets.desk import State, state
from pages.widgets.inert import LONGEST
from pages.widgets.notices import barred, told
from pages.widgets.texts import Words
from pages.widgets.ui import is_long
from pages.widgets.ui_showing import output_name
from pages.widgets.words import capital

AHEAD, LOW = 16, 8  # units taken ahead, and when to take more
DRAWN_AHEAD = 3  # where each is drawn by what is known at that moment
REMEMBERED, MOST = 1000, 200_000
DRAWN = frozenset({"prose", "plain", "turn"})
FANCY = re.compile(r"\$[^\s$][^$\n]*\$|\$\$|\\[(\[]|^\s*\|.*\|\s*$", re.MULTILINE)
WORDS = (
    "place", "saved", "taken_back", "answered_before", "skipped_before", "submit", "save_change",
    "next", "back", "undo", "skip", "flag", "comment", "guidelines", "send", "skip_because",
    "flag_note", "comment_text", "comment_sent", "flagged", "no_guidelines", "search_guidelines",
    "nothing_found", "first_one", "nothing_to_undo", "finished_title", "finished", "saving",
    "waiting", "waiting_unkept", "not_stored", "item", "item_skipped", "needs_answer", "optional",
    "need_answers", "quoted", "comma", "fetching", "fetching_back", "sending", "taking_back",
)  # fmt: skip
Entry = Mapping[str, Any]
Screen = dict[str, Any]


def possible(study: Study) -> bool:
    """Whether the study asks and shows nothing that needs the whole desk."""
    plan = study.protocol
    between = plan.checks.rounds or plan.checks.minimum_seconds or plan.questionnaire.names
    alone = plan.reveal.mode == "never" and not between and not plan.sensitive
    return alone and all(q.entry() == "press" and not q.turn for q in plan.questions)


def screen(held: Ticket, said: Words) -> Screen | None:
    """A unit as blocks for the browser; None where the lane cannot draw it as the desk would."""
    unit = held.unit
    if unit.context or is_long(unit) or not unit.questions:
        return None  # what a critique hangs on; a text to be searched; nothing that can be asked
    fields = [(name.replace("_", " ").capitalize(), c) for name, c in unit.fields.items()]
    outputs = [(output_name(unit, o, said), o.content) for o in unit.outputs]
    shown = [[{"name": name, "blocks": _blocks(c)} for name, c in row] for row in (fields, outputs)]
    asked = Recorder(said.told)
    ui = asked if held.options is None else Reordered(asked, held.options, unit.shown)
    for question in unit.questions:
        question.ask(ui, unit)
    blocks = [block for row in shown for card in row for block in card["blocks"]]
    plain = all(block["block"] == "choose" for block in asked.blocks)
    if not plain or len(asked.blocks) != len(unit.questions) or not all(map(_drawable, blocks)):
        return None
    return {
        "at": held.id, "place": held.place, "total": held.most, "state": held.state,
        "fields": shown[0], "outputs": shown[1], "questions": asked.blocks,
        "answers": held.answers, "draft": dict(held.draft), "seen": bool(held.given),
        "asked": held.asked, "notice": [*told(held, said), *barred(held, said)],
    }  # fmt: skip


def _blocks(content: Any) -> list[dict[str, Any]]:
    ui = Recorder()
    content.show(ui)
    return ui.blocks


def _drawable(block: Mapping[str, Any]) -> bool:
    text = str(block.get("text", ""))
    fancy = block["block"] != "plain" and FANCY.search(text)
    more = block.get("calls") or block.get("name") or block.get("role") == "tool"
    return block["block"] in DRAWN and len(text) <= LONGEST and not fancy and not more


def ready(db: Database, who: Identity, study: Study) -> bool:
    """Whether the lane can serve the person now; it takes units ahead to see it.

    One unit that it cannot draw, and the session stays on the desk with native widgets.
    """
    desk = state(study, who)
    lane = _lane(desk)
    if not lane["fits"]:
        return False
    lane["ahead"], lane["screens"], desk["held"] = [], {}, None
    _refill(db, who, study, desk)
    return bool(lane["fits"])


def _lane(desk: State) -> State:
    return desk.setdefault(
        "lane",
        {"ahead": [], "screens": {}, "done": {}, "acks": {}, "renewed": 0.0, "fits": True,
         "closed": "", "trouble": "", "behind": None, "missing": None},
    )  # fmt: skip


def _refill(db: Database, who: Identity, study: Study, desk: State) -> None:
    """Top up the units ahead, and hold those there are, when it is time to."""
    lane, said = _lane(desk), desk["words"]
    lease = study.protocol.assignment.lease_minutes * 60
    walks = study.protocol.assignment.order in WALKS
    most, low = (AHEAD, LOW) if walks else (DRAWN_AHEAD, 2)
    if len(lane["ahead"]) >= low and time.monotonic() - lane["renewed"] < lease / 3:
        return
    known = {held.id: held for held in lane["ahead"]}
    try:
        lane["ahead"] = ahead.reserve_ahead(db, who, study.key, most, known)
        lane["closed"] = lane["trouble"] = ""
    except studies.Refused as error:
        lane["closed"] = capital(said.of(error))
    except Unavailable as error:
        lane["closed"] = lane["trouble"] = said.of(error)
        return
    lane["renewed"] = time.monotonic()
    kept = lane["screens"]
    lane["screens"] = {h.id: kept.get(h.id) or screen(h, said) for h in lane["ahead"]}
    if not all(lane["screens"].values()):
        lane["fits"] = False


def draw(db: Database, who: Identity, study: Study) -> bool:
    """The lane, in a fragment of its own; returns whether nothing is left for the person."""
    desk = state(study, who)
    lane = _lane(desk)
    _refill(db, who, study, desk)
    if not lane["fits"] or desk.pop("left", False):  # another window took the answers back
        st.rerun()
    key = f"lane-{study.key}-{who.name}"
    part("queue", "markdown", "outbox")(
        key=key, data=_data(db, who, study, desk, key),
        on_outbox_change=lambda: _heard(db, who, study, key),
    )  # fmt: skip
    return not lane["ahead"] and not lane["closed"]


def _data(db: Database, who: Identity, study: Study, desk: State, key: str) -> dict[str, Any]:
    lane = desk["lane"]
    units: list[Screen] = []
    size = 0
    for held in lane["ahead"]:
        found = lane["screens"][held.id]
        size += sum(len(str(b)) for row in ("fields", "outputs") for c in found[row]
                    for b in c["blocks"])  # fmt: skip
        if units and size > MOST:
            break
        units.append(found)
    empty = not lane["ahead"] and not lane["closed"]
    return {
        "key": key, "store": f"{study.key}:{who.name}", "units": units, "acks": lane["acks"],
        "saved": desk.get("saved") or 0, "closed": lane["closed"], "empty": empty,
        "trouble": lane["trouble"],
        "place": assignment.progress(db, who, study.key)[0] if not units else 0,
        "behind": lane["behind"], "missing": lane["missing"], "keys": desk["keys"],
        "one_key": study.protocol.assignment.one_key, "reasons": list(answering.SKIP_REASONS),
        "guidelines": _guidelines(study, lane, desk), "moves": dict(desk["settings"].keys),
        "words": desk["words"].raw(*WORDS, *answering.SKIP_REASONS),
    }  # fmt: skip


def _guidelines(study: Study, lane: State, desk: State) -> list[str]:
    """The guidelines of the study, or of the person's arm, in parts."""
    head: Ticket | None = next(iter(lane["ahead"]), None)
    own = panels.sections(
        head.guidelines if head and head.guidelines else study.protocol.guidelines
    )
    asked = panels.asked(head.unit, desk["words"]) if head else []
    return [*own, *asked, *panels.examples(study, desk["words"])]


def _heard(db: Database, who: Identity, study: Study, key: str) -> None:
    sent = st.session_state.get(key)
    box = sent.get("outbox") if isinstance(sent, dict) else None
    if isinstance(box, dict):
        take(db, who, study, box)


def take(db: Database, who: Identity, study: Study, box: Entry) -> None:
    """Carry out what an outbox holds, in its order, and note what became of each entry."""
    desk = state(study, who)
    lane = _lane(desk)
    entries = [e for e in box.get("entries") or [] if isinstance(e, dict) and e.get("id")]
    done: dict[str, Entry] = lane["done"]
    for entry in entries:
        if entry["id"] not in done:
            ack = _carried(db, who, study, desk, entry)
            if ack.get("again"):
                break
            done[entry["id"]] = ack
            lane["closed"] = lane["trouble"] = ""
    for old in list(done)[:-REMEMBERED]:
        del done[old]
    lane["acks"] = {e["id"]: done[e["id"]] for e in entries if e["id"] in done}
    want = box.get("want")
    lane["behind"] = lane["missing"] = None
    if isinstance(want, int):
        held = assignment.at(db, who, study.key, want)
        lane["behind"] = screen(held, desk["words"]) if held else None
        lane["missing"] = None if lane["behind"] else want


def _carried(
    db: Database, who: Identity, study: Study, desk: State, entry: Entry
) -> dict[str, Any]:
    """What came of an entry: the newest row's number, an error to show, or `again` to try later."""
    said: Words = desk["words"]
    try:
        return _carry(db, who, study, desk, entry)
    except Unavailable as error:
        desk["lane"]["trouble"] = said.of(error)
        return {"again": True}
    except answering.Reworded as error:
        desk["lane"]["ahead"], desk["lane"]["screens"] = [], {}
        return {"error": said.of(error)}
    except (Invalid, Conflict, Denied) as error:
        return {"error": said.of(error)}
    except studies.Refused as error:
        desk["lane"]["closed"], desk["left"] = capital(said.of(error)), isinstance(error, NoConsent)
        closed = studies.load(db, study.key).state not in studies.ANSWERABLE
        return {"again": True} if closed else {"error": said.of(error)}


def _carry(db: Database, who: Identity, study: Study, desk: State, entry: Entry) -> dict[str, Any]:
    lane, kind = desk["lane"], entry.get("kind")
    held = _ticket(db, who, study, lane, entry)
    if held is None:
        return {"error": desk["words"].told("this unit is not yours; nothing was stored")}
    answers = entry.get("answers") if isinstance(entry.get("answers"), dict) else {}
    if kind in ("draft", "submit") and entry.get("asked", "") not in ("", held.asked):
        raise answering.Reworded
    if kind == "draft":
        kept = assignment.save_draft(db, who, held, answers)
        _redrawn(lane, kept)
        return {}
    if kind == "flag":
        answering.flag(db, who, held, str(entry.get("note", "")))
        return {}
    if kind == "comment":
        comments.comment(db, who, held, str(entry.get("note", "")))
        return {}
    _gone(lane, held)
    if kind == "submit":
        seconds = entry.get("seconds")
        known = isinstance(seconds, int | float) and 0 <= seconds <= 86_400
        fresh = entry.get("fresh") is True
        receipt = ahead.submit_once(db, who, held, answers, seconds if known else None, fresh=fresh)
        desk["saved"] = receipt.sequence
        return {"sequence": receipt.sequence}
    if kind == "undo" and held.answers:
        answering.undo(db, who, study.key, held)
        desk["saved"], lane["renewed"] = None, -1e9
    if kind == "skip" and held.state != "skipped":
        answering.skip(db, who, held, str(entry.get("reason", "")))
    return {}


def _ticket(db: Database, who: Identity, study: Study, lane: State, entry: Entry) -> Ticket | None:
    """The ticket that an entry is about: of the units ahead, else read by its place."""
    at, place = entry.get("at"), entry.get("place")
    if at is not None:
        known = next((held for held in lane["ahead"] if held.id == at), None)
        if known is not None:
            return known
    if not isinstance(place, int) or not 0 < place < 2**31:
        return None
    found = assignment.at(db, who, study.key, place)
    return found if found is None or at is None or found.id == at else None


def _gone(lane: State, held: Ticket) -> None:
    lane["ahead"] = [other for other in lane["ahead"] if other.id != held.id]
    lane["screens"].pop(held.id, None)


def _redrawn(lane: State, held: Ticket) -> None:
    """Keep a unit's new draft among the units ahead."""
    lane["ahead"] = [held if other.id == held.id else other for other in lane["ahead"]]
    if held.id in lane["screens"]:
        lane["screens"][held.id] |= {"draft": dict(held.draft), "state": held.state}
