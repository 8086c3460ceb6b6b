"""Every jury by its size: what more jurors bring, and how much it matters which."""

from collections.abc import Mapping, Sequence

from core.charts.style import COLOURS, OTHER, Chart, blank, number, plain
from core.statistics.juries import Jury


def by_size(
    found: Sequence[Jury], names: Mapping[int, str], alone: Mapping[int, float],
    best: tuple[int, ...] = (), key: str = "juries",
) -> Chart:  # fmt: skip
    """Kappa of each jury over the number of its jurors; `alone` are the jurors by themselves."""
    figure = blank(360, key)
    single = list(alone.items())
    figure.add_scatter(
        x=[1] * len(single), y=[v for _, v in single], mode="markers", name="one rater",
        marker={"size": 9, "color": OTHER}, text=[plain(names[m]) for m, _ in single],
        hovertemplate="%{text}<br>%{y:.3f}<extra></extra>",
    )  # fmt: skip
    drawn = [jury for jury in found if jury.missing.value is not None]
    for chosen, title, colour in (
        (False, "jury", COLOURS["models"]), (True, "best of these", COLOURS["human-model"]),
    ):  # fmt: skip
        own = [jury for jury in drawn if (jury.members == best) == chosen]
        figure.add_scatter(
            x=[len(j.members) for j in own], y=[j.missing.value for j in own], mode="markers",
            name=title, marker={"size": 11 if chosen else 8, "color": colour},
            text=[plain(", ".join(names[m] for m in j.members), 90) for j in own],
            hovertemplate="%{text}<br>%{y:.3f}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="jurors", dtick=1)
    figure.update_yaxes(title="kappa")
    return Chart(figure, caption(found, names, alone, best), caption(found, names, alone, best))


def caption(
    found: Sequence[Jury], names: Mapping[int, str], alone: Mapping[int, float],
    best: tuple[int, ...],
) -> str:  # fmt: skip
    """What the chart says, in plain words."""
    by_members = {jury.members: jury.missing.value for jury in found}
    if by_members.get(best) is None:
        return "No jury has a kappa yet."
    said = " + ".join(names[m] for m in best)
    text = f"Of {len(found)} juries the highest kappa is {number(by_members[best], 3)} ({said})."
    if alone:
        top = max(alone, key=lambda m: alone[m])
        text += f" The best single rater is {names[top]} with {number(alone[top], 3)}."
    return text
