"""What models say to each unit of a table as it stands now, and what is right there."""

from collections import Counter

import numpy as np

from core.services.studies import Study
from core.services.tables import Sheet, follower
from core.statistics.table import GOLD, MISSING, majority
from storage.database import Database


class Verdicts:
    """What models say to each unit of a sheet, and what is right there."""

    def __init__(self, db: Database, study: Study, sheet: Sheet) -> None:
        self.live, self.sheet, self.table = follower(db, study), sheet, sheet.table
        worker = study.protocol.reveal.worker
        self.models = [
            n for n, rater in enumerate(self.table.raters)
            if rater.kind != "person" and worker in ("", rater.name)
        ]  # fmt: skip
        columns = [self.table.column(n, repeat) for n in self.models for repeat in (0, 1)]
        self.columns = [column for column in columns if column is not None]

    def row(self, unit: int) -> int:
        """Where a unit stands in the table; -1 for nowhere."""
        place = int(np.searchsorted(self.live.units[:, 0], unit))
        return int(self.sheet.place[place])

    def code(self, unit: int) -> int:
        """The code that most models gave, each with one vote; -1 for none or a tie."""
        row = self.row(unit)
        codes = self.table.codes[row, self.columns].tolist() if row >= 0 else []
        owners = [self.table.owner[column][0] for column in self.columns]
        given = [(who, code) for who, code in zip(owners, codes, strict=False) if code >= 0]
        if len(given) == 1:
            return int(given[0][1])
        often = Counter(who for who, _ in given)
        votes = [0.0] * self.table.k
        for who, code in given:
            votes[code] += 1 / often[who]
        best = [code for code, n in enumerate(votes) if n >= max(votes) - 1e-9]
        return best[0] if given and len(best) == 1 else MISSING

    def known(self, unit: int) -> int:
        """The code of the known answer; -1 for none."""
        row = self.row(unit)
        return MISSING if row < 0 else int(self.table.codes[row, GOLD])

    def right(self, unit: int, rater: int) -> int:
        """The known answer, else what most other people said at first; -1 for neither."""
        row = self.row(unit)
        if row < 0 or self.known(unit) != MISSING:
            return self.known(unit)
        counts = np.zeros(self.table.k, np.int64)
        for n, other in enumerate(self.table.raters):
            code = int(self.table.codes[row, self.table.columns[n, 0]])
            if other.person and other.id != rater and code != MISSING:
                counts[code] += 1
        return int(majority(counts)[0])
