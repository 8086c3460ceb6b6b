"""Studies written straight into a database, for tests that read results."""

import csv
import json
from collections import defaultdict
from pathlib import Path

from core.protocol import from_yaml
from core.services import material, studies
from core.services.access import Identity
from storage import items, judgments
from storage import studies as study_rows
from storage.judgments import NewJudgment

OWNER = Identity("owner")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PAIRS = """
name: {name}
title: Pairs
questions:
  - {{kind: pairwise, name: better, title: Which response is better, tie: {tie}}}
"""
RATINGS = """
name: {name}
title: Ratings
questions:
  - {{kind: rating, name: quality, title: How good is it, low: 1, high: 5}}
"""
PANDALM = {"1": 0, "2": 1, "0": 2, "Tie": 2, "garbage": 2}
WINNERS = [{"winner": "a"}, {"winner": "b"}, {"winner": None, "verdict": "tie"}]


def pairs_study(db, name, rows, tie=True):
    """An open study with two outputs per item; rows are (key, meta, gold code or None)."""
    made = studies.create(db, OWNER, from_yaml(PAIRS.format(name=name, tie=str(tie).lower())))
    gold = lambda code: None if code is None else {"better": WINNERS[code]}
    _fill(db, made, [(key, meta, gold(code)) for key, meta, code in rows], ("a", "b"))
    return studies.set_state(db, OWNER, name, "open")


def ratings_study(db, name, units):
    """An open study of items rated from 1 to 5, each by itself."""
    made = studies.create(db, OWNER, from_yaml(RATINGS.format(name=name)))
    rows = [(f"i{n:06}", {"half": "first" if n < units / 2 else "second"}, None)
            for n in range(units)]  # fmt: skip
    _fill(db, made, rows, ())
    return studies.set_state(db, OWNER, name, "open")


def _fill(db, study, rows, outputs):
    content = {"prompt": {"kind": "text", "data": "Prompt"}}
    with db.write() as connection:
        items.add_items(
            connection, study.id,
            ({"key": k, "content": content, "meta": m, "gold": g} for k, m, g in rows),
        )  # fmt: skip
        ids = items.item_ids(connection, study.id)
        items.add_outputs(
            connection, study.id,
            ({"item": i, "key": o, "content": {"kind": "text", "data": o}}
             for i in ids.values() for o in outputs),
        )  # fmt: skip
        material.add_missing_units(connection, study)


class Pen:
    """Writes judgments of a study's first question; remembers rows so that it can correct them."""

    def __init__(self, db, study):
        self.db, self.study = db, study
        self.question = study.protocol.questions[0]
        with db.read() as connection:
            self.units = items.unit_ids(connection, study.id)
        self.last, self.raters = {}, {}

    def rater(self, connection, kind, name, spec=None):
        """The id of a rater, written at first use."""
        if (kind, name) not in self.raters:
            self.raters[(kind, name)] = study_rows.rater(
                connection, self.study.id, kind, name, spec=spec
            )
        return self.raters[(kind, name)]

    def write(self, rows, spec=None):
        """Append rows of (unit key, kind, name, code, repeat); code None withdraws."""
        with self.db.write() as connection:
            made, places = [], []
            for key, kind, name, code, repeat in rows:
                rater = self.rater(connection, kind, name, spec)
                place = (key, kind, name, repeat)
                made.append(self._row(rater, place, code))
                places.append(place)
            stored = judgments.append(connection, self.study.id, made, check=False)
            for place, new in zip(places, stored, strict=True):
                self.last[place] = (new.id, new.sequence)

    def _row(self, rater, place, code):
        key, kind, name, repeat = place
        value = None
        if code is not None:
            value = WINNERS[code] if self.question.kind == "pairwise" else code + 1
        return NewJudgment(
            unit=self.units[key], unit_key=key, question=self.study.wording(self.question),
            question_digest=self.question.digest, rater=rater, rater_key=f"{kind}:{name}",
            value=value, code=code, repeat=repeat, withdrawn=code is None, seconds=2.0,
            replaces=self.last.get(place),
        )  # fmt: skip


def pandalm(db):
    """The PandaLM test set as a study: three people, two models, 999 pairs.

    The authors counted the 25 unreadable replies of GPT-3.5 ("garbage") as ties; the published
    figures need the same, so it is said here and done openly. Left missing, accuracy is 71.56 %
    of 974.
    """
    read = lambda name: json.loads((DATA / "pandalm" / name).read_text(encoding="utf-8"))
    code = lambda label: PANDALM[str(label)]
    rows = read("testset-v1.json")
    study = pairs_study(db, "pandalm", [(str(r["idx"]), {}, None) for r in rows])
    made = [(str(r["idx"]), "person", f"annotator{n}", code(r[f"annotator{n}"]), 0)
            for r in rows for n in (1, 2, 3)]  # fmt: skip
    for file, field, name in (
        ("gpt-3.5-turbo-testset-v1.json", "gpt_result", "gpt-3.5-turbo"),
        ("pandalm-7b-testset-v1.json", "pandalm_result", "PandaLM-7B"),
    ):
        made += [(str(r["idx"]), "model", name, code(r[field]), 0) for r in read(file)]
    Pen(db, study).write(made)
    return study


def llmbar(db, models=None):
    """LLMBar as a study: gold answers, and judges in both orders, those of `models` only."""
    with (DATA / "llmbar" / "items.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    key = lambda r: f"{r['subset']}#{r['item']}"
    study = pairs_study(
        db, "llmbar", [(key(r), {"subset": r["subset"]}, int(r["label"]) - 1) for r in rows],
        tie=False,
    )  # fmt: skip
    made = defaultdict(list)
    with (DATA / "llmbar" / "evaluations.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            name = f"{row['llm']}/{row['strategy']}"
            if models is not None and name not in models:
                continue
            for repeat, column in enumerate(("winner_order_ab", "winner_order_ba")):
                if row[column]:
                    made[name].append((key(row), "model", name, int(row[column]) - 1, repeat))
    pen = Pen(db, study)
    for rows in made.values():
        pen.write(rows)
    return study
