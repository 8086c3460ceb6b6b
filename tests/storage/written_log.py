"""A study with units and one question, and judgments about them."""

from dataclasses import dataclass

from storage import items, judgments, studies

QUESTION = "f" * 64


@dataclass
class Log:
    """Row ids of a small study, and its database."""

    db: object
    study: int
    question: int
    units: dict

    def new(self, unit, rater, value, **options):
        """A judgment of `rater` (a name) about a unit (a key); the rater appears as needed."""
        with self.db.write() as connection:
            rater_id = studies.rater(connection, self.study, "person", rater)
        return judgments.NewJudgment(
            unit=self.units[unit], unit_key=unit, question=self.question,
            question_digest=QUESTION, rater=rater_id, rater_key=f"person:{rater}",
            value=value, **{"code": 0, **options},
        )  # fmt: skip

    def append(self, *rows):
        """Append in one transaction; returns what was stored."""
        with self.db.write() as connection:
            return judgments.append(connection, self.study, rows)

    def verdict(self):
        """(rows that hold, the break or None)."""
        with self.db.read() as connection:
            found = list(judgments.verify(connection, self.study))
        broken = [step for step in found if isinstance(step, judgments.Break)]
        return len(found) - len(broken), broken[0] if broken else None


def written(db, units=10, key="log"):
    """A new study with `units` units and no judgment."""
    with db.write() as connection:
        study = studies.create(connection, key, "A log", {"name": key})
        question = studies.wording(connection, QUESTION, "good", "rating", {"name": "good"})
        rows = ({"key": f"u{n}", "content": {}, "meta": {}} for n in range(units))
        items.add_items(connection, study, rows)
        found = items.item_ids(connection, study)
        placed = enumerate(found.items())
        items.add_units(
            connection, study,
            ({"item": i, "key": k, "outputs": [], "position": n} for n, (k, i) in placed),
        )  # fmt: skip
        return Log(db, study, question, items.unit_ids(connection, study))


def opened(db, key="log"):
    """The study that `written` made, from another process."""
    with db.read() as connection:
        study = studies.head(connection, key).id
        question = studies.wordings(connection, [QUESTION])[QUESTION]
        return Log(db, study, question, items.unit_ids(connection, study))
