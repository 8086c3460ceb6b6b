"""What charts say in words."""

from types import SimpleNamespace

from core.charts.raters import rater_caption
from core.statistics.base import Estimate


def rater(name, value):
    return SimpleNamespace(
        name=name, estimate=Estimate("agreement", value, low=0.4, high=0.9, n=20)
    )


def test_nobody_is_highest_alone():
    assert "highest" not in rater_caption([rater("cleo", 0.75)], "Agreement")
    said = rater_caption([rater("cleo", 0.75), rater("dan", 0.5)], "Agreement")
    assert "cleo is highest with 75.00% of 20 units" in said and "Another's reaches" in said
