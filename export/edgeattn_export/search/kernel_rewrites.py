"""Kernels of what is no linear layer, such as attention: taken node by node, where they are faster.

Each node is cut out of the float graph, once as it stands and once with the kernel. Both are timed side by
side on what reaches the node in a real input of median size. Nodes that are alike are timed once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape
from statistics import median

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import is_constant, sources
from edgeattn_export.graph.functions import write_bodies
from edgeattn_export.graph.rule import Emit, Refusal
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.values import with_outputs
from edgeattn_export.quantize.recipes.recipe import AT, Recipe
from edgeattn_export.search.cost import ROUNDS, signature
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.rig import Step
from edgeattn_export.search.store import Answer

STOCK, KERNEL = "stock", "kernel"


@dataclass(frozen=True, slots=True)
class Site:
    """A node that a kernel can compute.

    Attributes:
        node: In the float graph.
        ways: The single node, as it stands and with the kernel.
        inputs: What reaches it.
    """

    node: ir.Node
    ways: Mapping[str, ir.Model]
    inputs: Inputs

    @property
    def key(self) -> Hashable:
        """What its time depends on."""
        stock = self.ways[STOCK]
        return signature(stock), tuple(self.inputs[value.name or ""].shape for value in stock.graph.inputs)


def with_kernels(meter: ErrorMeter, recipe: Recipe, step: Step) -> Recipe:
    """Return a recipe with rewrites by kernels, each where it is faster; the recipe itself where none is."""
    rewrites = {
        name: tuple(_faster_places(meter, name, step)) for name in meter.rig.candidates.kernels.rewrites
    }
    taken = [name for name, places in rewrites.items() if places]
    if not taken:
        return recipe
    return replace(
        recipe,
        name=", ".join([recipe.name, *taken]),
        rewrites=(*recipe.rewrites, *(place for places in rewrites.values() for place in places)),
    )


def _faster_places(meter: ErrorMeter, name: str, step: Step) -> Iterator[str]:
    """Yield a rewrite as a recipe has it: for all nodes, or for modules each of whose nodes is faster."""
    sites = _sites(meter, name)
    faster = _are_faster(meter, name, sites, step)
    slower = {module_of(site.node) for site, is_faster in zip(sites, faster, strict=True) if not is_faster}
    if sites and not slower:
        yield name
        return
    for module in dict.fromkeys(module_of(site.node) for site in sites):
        if module and module not in slower:  # without a name it cannot be distinguished from others
            yield f"{name}{AT}{escape(module)}"


def _are_faster(meter: ErrorMeter, name: str, sites: Sequence[Site], step: Step) -> list[bool]:
    """Say of each node whether the kernel is faster."""
    unique = {site.key: site for site in sites}
    questions = [
        {"rewrite": name, "graph": meter.fingerprint, "value": site.node.outputs[0].name}
        for site in unique.values()
    ]
    step(0, 1, f"timing {name}")
    first = list(unique.values())
    answers = meter.rig.answers(questions, lambda places: _timed(meter, [first[place] for place in places]))
    is_faster = {
        key: float(str(answer[KERNEL])) < float(str(answer[STOCK]))
        for key, answer in zip(unique, answers, strict=True)
    }
    return [is_faster[site.key] for site in sites]


def _timed(meter: ErrorMeter, sites: Sequence[Site]) -> Iterator[Answer]:
    """Yield the milliseconds of each node in both ways."""
    rig, engine = meter.rig, meter.calibration.engine
    calls = (
        {way: rig.runner(engine, model).bind(site.inputs) for way, model in site.ways.items()}
        for site in sites
    )
    for times in rig.races(calls, ROUNDS):
        yield {str(way): median(measured) for way, measured in times.items()}


def _read(emit: Emit) -> Iterator[ir.Value]:
    """Yield what reaches the nodes that a rewrite makes of a match: it may begin before the node itself."""
    tape = Tape()
    emit(tape)
    made = {output for each in tape.nodes for output in each.outputs}
    for each in tape.nodes:
        yield from (value for value in sources(each) if value not in made)
        for place in range(len(each.inputs)):  # it stays out of the graph, and is no user of its values
            each.replace_input_with(place, None)


def _sites(meter: ErrorMeter, name: str) -> list[Site]:
    """Return the nodes of a graph that a rewrite takes."""
    calibration = meter.calibration
    rule = calibration.forms.rewrites[name]
    found = {node: rule.check(node) for node in calibration.model.graph if node.op_type in rule.roots}
    fed = {
        node: [value for value in dict.fromkeys(_read(emit)) if not is_constant(value)]
        for node, emit in found.items()
        if not isinstance(emit, Refusal | None)
    }
    names = dict.fromkeys(value.name or "" for values in fed.values() for value in values)
    (inputs,) = stratified((sample.inputs for sample in meter.samples), 1)
    reached = calibration.engine.runner(with_outputs(calibration.model, names))(inputs) if names else {}
    sites = []
    for node, values in fed.items():
        graph = ir.convenience.extract(calibration.model.graph, values, node.outputs)
        for value in graph.inputs:
            dtype = reached[value.name or ""].dtype  # not every value's is noted
            value.dtype = ir.DataType.from_numpy(dtype)
        stock = ir.Model(graph, ir_version=calibration.model.ir_version)
        kernel = stock.clone()
        apply(rule, kernel)
        write_bodies(kernel, calibration.forms.bodies)
        own = {value.name or "": reached[value.name or ""] for value in values}
        sites.append(Site(node, {STOCK: stock, KERNEL: kernel}, own))
    return sites
