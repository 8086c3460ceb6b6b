"""Units go to people, a jury or the judge alone by what narrows the interval for the money."""

import asyncio

import pytest

from core.services import answering, assignment, routed, routing, runner, runs, studies
from core.services.access import Denied, Identity
from core.services.findings import NoAnswer
from core.services.runs import Refused
from storage import studies as study_rows
from tests.servers.openai_server import OpenAIServer
from tests.services.pairs import OWNER, judge, pairs, prefers

COSTS = {"people": 1.0, "jury": 0.05}


def judged(db, server, units=40):
    """A study that the single judge has judged; two further members of a jury are ready."""
    pairs(db, units=units)
    made = {n: judge(server.url, name=n, model=n, orders="one") for n in ("one", "two", "three")}
    for worker in made.values():
        runs.add_worker(db, OWNER, "pairs", worker)
    asyncio.run(runner.execute(db, runs.start(db, OWNER, "pairs", made["one"])))
    return made


def plan(db, **more):
    options = {"judge": "one", "jury": ("two", "three"), "budget": 10.0, "costs": COSTS, **more}
    return routing.plan(db, OWNER, "pairs", **options)


def test_a_plan_compares_ways_at_the_same_budget_and_says_where_each_unit_goes(db):
    with OpenAIServer(lambda body: prefers("A")) as server:
        judged(db, server)
    found = plan(db)
    names = {option.name for option in found.options}
    assert names == {"judge, jury and people", "judge and people", "people alone",
                     "judge and people, drawn evenly"}  # fmt: skip
    assert all(option.cost == pytest.approx(10.0, rel=1e-6) for option in found.options)
    widths = [option.half_width for option in found.options]
    assert widths == sorted(widths) and len(found.routes) == 40
    assert sum(found.count(to) for to in ("people", "jury", "judge")) == 40
    assert plan(db).routes == found.routes and plan(db, seed=1).routes != found.routes
    assert all(0 < route.people <= 1 for route in found.routes)
    assert found.judged == 40 and found.unjudged == ""
    pairs(db, units=2, start=40, made=studies.load(db, "pairs"))
    assert plan(db).unjudged.startswith("one has answered 40 of 42 units")


def test_applying_a_plan_starts_the_jury_and_leaves_people_their_units(db):
    with OpenAIServer(lambda body: prefers("A")) as server:
        judged(db, server)
        found = plan(db, budget=20.0, way=routing.WAYS[0])
        started = routing.apply(db, OWNER, found)
        for run in started:
            asyncio.run(runner.execute(db, run))
            assert runs.status(db, OWNER, run).done == found.count("people") + found.count("jury")
    assert len(started) == 2 and 0 < found.count("people") < 40
    studies.set_state(db, OWNER, "pairs", "open")
    eva, given = Identity("eva"), []
    while (ticket := assignment.current(db, eva, "pairs")) is not None:
        given.append(ticket.unit.key)
        answering.submit(db, eva, ticket, {"better": {"winner": "a"}})
        assert len(given) <= 40
    assert len(given) == found.count("people")
    study = studies.load(db, "pairs")
    with db.read() as connection:
        [event] = study_rows.events(connection, study.id, ["route"])
    assert event.data["seed"] == 0 and len(event.data["routes"]) == 40
    later = plan(db)
    assert later.known == len(given)
    told = routed.outcome(db, OWNER, "pairs")
    assert (told.value, told.low, told.high) == (1.0, 1.0, 1.0) and told.by == "owner"
    assert told.people == (len(given), len(given)) and told.jury[0] == told.jury[1] > len(given)
    assert (
        told.promised == found.options[[o.name for o in found.options].index(told.way)].half_width
    )
    route = {r.unit: r for r in found.routes}
    asked, voted = routed.draws(0, [r.people for r in found.routes], [r.jury for r in found.routes])
    assert [r.to == "people" for r in route.values()] == asked.tolist()
    assert told.jury[0] == int((asked | voted).sum())


def test_a_plan_has_come_to_nothing_before_all_that_was_drawn_is_answered(db):
    with OpenAIServer(lambda body: prefers("A")) as server:
        judged(db, server)
        assert routed.outcome(db, OWNER, "pairs") is None
        found = plan(db, way=routing.WAYS[1])
        assert routing.apply(db, OWNER, found) == []
    told = routed.outcome(db, OWNER, "pairs")
    assert told.value is None and f"0 of {found.count('people')} units by people" in told.note
    assert told.jury == (0, 0) and told.spent == found.count("people") * COSTS["people"]


def test_what_cannot_be_planned_is_said(db):
    with OpenAIServer(lambda body: prefers("A")) as server:
        judged(db, server, units=4)
    for more, kind, words in (
        ({"judge": "nobody"}, NoAnswer, "no rater is called"),
        ({"budget": 0}, Refused, "more than 0"),
        ({"costs": {"people": 0, "jury": 1}}, Refused, "more than 0"),
    ):  # fmt: skip
        with pytest.raises(kind, match=words):
            plan(db, **more)
    alone = plan(db, jury=())
    assert all(route.jury == 0 for route in alone.routes)
    guest = Identity("guest", frozenset({"annotator"}))
    for act in (lambda: routing.apply(db, guest, alone),
                lambda: routing.plan(db, guest, "pairs", judge="one", jury=(), budget=1.0,
                                     costs=COSTS)):  # fmt: skip
        with pytest.raises(Denied):
            act()
