"""Plans over a set of tools: written, verified, carried out, and written again."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from core import sandbox
from core.apart import apart
from core.content.base import Content
from core.sandbox import Limits
from core.statistics.plans import plan_f1
from core.units import Draft, Unit
from core.workers.base import CannotAnswer, Model, workers
from core.workers.planned import Node, Tool, nodes_of, problems, tools_of
from core.workers.thinker import WHOLE, WORDS, Thinker, a_text, given, many, of

MAYBE = "reference"  # often an answer, and then no plan
REFERENCES = ("reference_plan", MAYBE)
RUN = """
import json, re, runpy, sys
sys.dont_write_bytecode = True
names = runpy.run_path("/code/tools.py")
done = {}
for node in json.load(open("/code/plan.json")):
    def filled(text):
        return re.sub(r"<node-(\\d+)(?:\\.\\w+)?>", lambda m: str(done[int(m.group(1))]), text)
    try:
        given = {name: filled(value) for name, value in node["args"].items()}
        done[node["id"]] = names[node["name"]](**given)
    except Exception as error:
        sys.exit(f"node {node['id']} ({node['name']}): {type(error).__name__}: {error}")
print(json.dumps({str(number): str(result) for number, result in done.items()}))
"""


@workers.register
class Plan(Thinker):
    """A plan over the item's tools, written again up to `attempts` times while something is wrong.

    `check` says what it is told: P that it cannot be read as a plan, PV also what a verifier finds
    (no such tool, wrong arguments, an order that cannot be, outputs that do not fit inputs), PVE
    also how it fared when carried out in the sandbox with the code in the field or fact `code`.
    `tools` is JSON: a list of name, args (name -> type), returns, about. With a plan to compare it
    with the facts hold F1 of tools, arguments and edges. `reference` names the field or fact that
    holds it; without a name it is `reference_plan`, or `reference` where that can be read as a
    plan: any other answer there is none. The model sees neither. Ma et al. (2024).
    """

    kind = "plan"
    words = ("plan",)
    writes: str = "plan"
    check: Literal["P", "PV", "PVE"] = "PV"
    attempts: int = Field(default=3, ge=1, le=10)
    tools: str = "tools"
    code: str = "tool_code"
    reference: str = Field(default="", description="field or fact with a plan to compare with")
    seconds: float = Field(default=10.0, gt=0, le=600, description="how long code may run")

    def scope(self) -> Any:
        return "item"

    async def work(self, unit: Unit, llm: Model | None, repeat: int = 0) -> list[Draft]:
        tools, wanted = tools_of(given(unit, self.tools)), self._wanted(unit)
        if self.check == "PVE":
            given(unit, self.code)
            if lacking := await apart(sandbox.missing):
                raise CannotAnswer(lacking)
        drafts: list[Draft] = []
        wrong: list[str] = []
        for attempt in range(1, self.attempts + 1):
            reply = await self._written(unit, drafts, wrong, llm, repeat)
            plan = nodes_of(reply.value["nodes"])
            facts: dict[str, Any] = {"attempt": attempt, "check": self.check}
            if isinstance(plan, str):
                wrong = [plan]
            else:
                wrong = await self._wrong(unit, plan, tools, facts)
                if wanted is not None:
                    facts |= plan_f1([n.data() for n in plan], [n.data() for n in wanted])
            facts |= {"wrong": wrong, "passed": not wrong}
            text = json.dumps(reply.value["nodes"], ensure_ascii=False, indent=1)
            drafts.append(self.wrote(
                text, reply, key=f"attempt {attempt}", repeat=repeat, facts=facts,
                parent=drafts[-1].key if drafts else "",
            ))  # fmt: skip
            if not wrong:
                break
        return drafts

    async def _written(
        self, unit: Unit, drafts: Sequence[Draft], wrong: Sequence[str], llm: Model | None,
        repeat: int,
    ) -> Any:  # fmt: skip
        hidden = [*self._references(), self.code]
        material: list[tuple[str, Content]] = self.seen(unit, without=hidden)
        if self.tools not in unit.fields:
            material.append(("tools", a_text(given(unit, self.tools))))
        if drafts and drafts[-1].content is not None:
            material.append(("plan before", drafts[-1].content))
            material.append(("what is wrong with it", a_text("\n".join(wrong))))
        argument = of(name=WORDS, value={"type": "string"})
        return await self.think(
            llm, "plan", material,
            'Reply in this form: {"nodes": [{"id": 0, "name": "tool", "args": [{"name": "...", '
            '"value": "... or <node-0.text>"}]}]}',
            of(nodes=many(of(id=WHOLE, name=WORDS, args=many(argument)), 1)),
            repeat=repeat * self.attempts + len(drafts),
        )  # fmt: skip

    async def _wrong(
        self, unit: Unit, plan: Sequence[Node], tools: Mapping[str, Tool], facts: dict[str, Any]
    ) -> list[str]:
        if self.check == "P":
            return []
        found = problems(plan, tools)
        if found or self.check == "PV":
            return found
        ran = await apart(
            sandbox.python, RUN, limits=Limits(seconds=self.seconds),
            files={"tools.py": given(unit, self.code),
                   "plan.json": json.dumps([node.data() for node in plan])},
        )  # fmt: skip
        if ran.well:
            facts["results"] = json.loads(ran.stdout.splitlines()[-1])
            return []
        return [ran.stderr.strip().splitlines()[-1][:500] if ran.stderr.strip() else ran.said()]

    def _references(self) -> Sequence[str]:
        return [self.reference] if self.reference else REFERENCES

    def _wanted(self, unit: Unit) -> list[Node] | None:
        """The plan to compare with, where the item has one.

        Raises `CannotAnswer` where one that is said to be there cannot be read.
        """
        for name in self._references():
            if name not in unit.fields and name not in unit.meta:
                continue
            try:
                found = nodes_of(json.loads(given(unit, name)))
            except (ValueError, RecursionError):
                found = "it is no JSON"
            if not isinstance(found, str):
                return found
            if self.reference or name != MAYBE:
                raise CannotAnswer(f"the reference plan in {name!r} cannot be read: {found}")
        return None
