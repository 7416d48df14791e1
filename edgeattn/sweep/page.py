"""sweep.html: the rows of a sweep and the fronts of its models, as one page that needs nothing but itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from edgeattn.judge.recipe_words import recipe_words
from edgeattn.report.number_words import cosine, figure
from edgeattn.report.page import inline
from edgeattn.sweep.fronts import Cost, Series, costs, series_of
from edgeattn.sweep.line import Line
from edgeattn.sweep.outcome import Outcome
from edgeattn.sweep.picture import fronts_svg
from edgeattn.sweep.row import Row

_TEMPLATE = "sweep.html"


@dataclass(frozen=True, slots=True)
class Front:
    """What is shown of one model: series whose times are all measured, or all nominal."""

    series: tuple[Series, ...]
    picture: str
    costs: tuple[Cost, ...]

    @property
    def nominal(self) -> bool:
        """Whether the times are counted, not measured."""
        return self.series[0].nominal


def page(lines: Sequence[Line], outcomes: Mapping[Row, Outcome]) -> str:
    """Lay a sweep out as HTML: no script, nothing fetched, light or dark as the reader has it.

    Args:
        lines: The rows.
        outcomes: What they came to, in the same order.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("edgeattn.sweep"), PackageLoader("edgeattn.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": figure, "cosine": cosine, "recipe": recipe_words}
    reports = [report for outcome in outcomes.values() if (report := outcome.read()) is not None]
    return environment.get_template(_TEMPLATE).render(
        lines=lines,
        highlights=_highlights(lines),
        models={name: _fronts(its) for name, its in series_of(lines, list(outcomes.values())).items()},
        machines=list(dict.fromkeys(str(report.machine) for report in reports)),
        versions=list(dict.fromkeys(report.machine.versions["onnxruntime"] for report in reports)),
        nominal=any(line.nominal for line in lines),
    )


def _highlights(lines: Sequence[Line]) -> tuple[tuple[str, str], ...]:
    """Return numbers, of which two may be the same, each with what it counts."""
    words = Counter(line.verdict for line in lines)
    models = len(dict.fromkeys(line.model for line in lines))
    devices = len(dict.fromkeys(line.device for line in lines if line.device))
    return (
        (f"{words['pass']} of {len(lines)}", "rows pass their budget"),
        (str(models), "model" if models == 1 else "models"),
        (str(devices), "device" if devices == 1 else "devices"),
    )


def _fronts(several: Sequence[Series]) -> list[Front]:
    parts = (tuple(each for each in several if each.nominal is kind) for kind in (False, True))
    return [Front(part, inline(fronts_svg(part)), costs(part)) for part in parts if part]
