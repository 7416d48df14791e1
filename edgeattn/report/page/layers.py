"""The graph by layers: its modules, gathered as a model's author thinks of them, in the order of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from edgeattn.report.graph_words import LEFT_FLOAT, module_name
from edgeattn.results.report import Report

LEAST_SHARE = 0.01  # of the weights, from which a group is a part of its own


@dataclass(frozen=True, slots=True)
class SizePart:
    """A part of the weights: MB, and its share of all."""

    label: str
    number: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module.

    Attributes:
        time: Its share of the main graph's time; None where it was not measured.
        form: That its weights were given; empty where it has none to be given one.
        r2: Of its output to the float graph's; None where it was not measured.
    """

    name: str
    nodes: int
    size_mb: float
    time: float | None
    form: str
    r2: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Modules that belong together, such as one layer of an encoder.

    Attributes:
        name: What their paths begin with.
        size_width: How long its size is drawn, in percent of the largest group's.
        time_width: The same of its time.
    """

    name: str
    modules: tuple[Module, ...]
    size_width: float
    time_width: float

    @property
    def nodes(self) -> int:
        """Of the graphs."""
        return sum(module.nodes for module in self.modules)

    @property
    def size_mb(self) -> float:
        """Of all weights."""
        return sum(module.size_mb for module in self.modules)

    @property
    def time(self) -> float | None:
        """The share of the main graph's time; None where it was not measured."""
        times = [module.time for module in self.modules if module.time is not None]
        return sum(times) if times else None

    @property
    def forms(self) -> Sequence[tuple[str, int]]:
        """Each form, and how many modules have it, what was left float at the end."""
        named = sorted(
            (module.form for module in self.modules if module.form), key=lambda it: (it == LEFT_FLOAT, it)
        )
        return [(form, len(list(same))) for form, same in groupby(named)]


def groups(report: Report) -> list[Group]:
    """Gather a report's modules; none where it lists none."""
    modules = list(_modules(report))
    numbered = {_numbered(it.name).partition(".")[0] for it in modules if _numbered(it.name)}
    gathered: dict[str, list[Module]] = {}
    for module in modules:
        gathered.setdefault(_group(module.name, numbered), []).append(module)
    largest = max((sum(it.size_mb for it in each) for each in gathered.values()), default=0.0) or 1.0
    slowest = max((sum(it.time or 0 for it in each) for each in gathered.values()), default=0.0) or 1.0
    return [
        Group(
            name=name,
            modules=tuple(each),
            size_width=100 * sum(it.size_mb for it in each) / largest,
            time_width=100 * sum(it.time or 0 for it in each) / slowest,
        )
        for name, each in gathered.items()
    ]


def size_parts(layers: Sequence[Group]) -> list[SizePart]:
    """Return the groups that have weights, those with few of them as one; none where there is but one."""
    total = sum(group.size_mb for group in layers)
    large = [group for group in layers if group.size_mb >= LEAST_SHARE * total > 0]
    rest = total - sum(group.size_mb for group in large)
    parts = [SizePart(group.name, group.size_mb, group.size_mb / total) for group in large]
    if total and rest >= LEAST_SHARE / 10 * total:
        parts.append(SizePart("others", rest, rest / total))
    return parts if len(parts) > 1 else []


def _modules(report: Report) -> Iterable[Module]:
    layers = {layer.module: layer for layer in report.layers}
    parts = {part.module: part for part in report.parts}
    times = report.module_times
    for name in dict.fromkeys((*parts, *layers)):
        layer, part = layers.get(name), parts.get(name)
        yield Module(
            name=module_name(name),
            nodes=0 if part is None else part.nodes,
            size_mb=0.0 if part is None else part.size_mb,
            time=times.get(name, 0.0) if times else None,
            form="" if layer is None else layer.form,
            r2=None if layer is None else layer.r2,
        )


def _group(name: str, numbered: Iterable[str]) -> str:
    """Return a path up to its first number; else its first name, and the second next to numbered ones."""
    path = name.partition("+")[0]
    if (numbered_path := _numbered(path)) or path == module_name(""):
        return numbered_path or path
    first, _, rest = path.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if rest and first in numbered else first


def _numbered(path: str) -> str:
    parts = path.partition("+")[0].split(".")
    end = next((i for i, part in enumerate(parts) if part.isdigit()), None)
    return "" if end is None else ".".join(parts[: end + 1])
