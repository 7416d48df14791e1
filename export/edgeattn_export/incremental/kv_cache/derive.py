"""The float graph of a causal decoder -> the same model with a key-value cache, proven or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import onnx_ir as ir

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.fallback import finding
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.incremental.kv_cache.anatomy import Anatomy, study
from edgeattn_export.incremental.kv_cache.decoder import LENGTH, Decoder, step_decoder
from edgeattn_export.incremental.kv_cache.encoder import source_encoder
from edgeattn_export.incremental.kv_cache.implied import without_implied
from edgeattn_export.incremental.kv_cache.positions import longest_text
from edgeattn_export.incremental.kv_cache.prove import check_causal, late_objection, objection
from edgeattn_export.incremental.kv_cache.roles import find_roles
from edgeattn_export.incremental.kv_cache.slots import CAPACITY
from edgeattn_export.incremental.kv_cache.steps import ENCODER_GRAPH, Steps
from edgeattn_export.incremental.model_graphs import ModelGraph, contract_of
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.recover import Recovered
from edgeattn_runtime.bundle.generation import check_generation
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Generation, Graph, Symbol, Tensor
from edgeattn_runtime.errors import EdgeAttnError
from edgeattn_runtime.graph import symbols_of

ATTENTION = "attention"  # the rule that makes a hand-written attention an operator


def derive_steps(
    captured: Captured, recovered: Recovered, samples: Samples, later: Iterable[Sample] = ()
) -> Steps | Refusal:
    """Give a decoder a cache of its self-attention's keys and values, whether ``forward`` knows one or not.

    The conditions: a first output (batch, sequence, vocabulary); one input of integer tokens (batch,
    sequence), and no other input with that sequence but what these imply; the model is causal; positions see
    one another only in attention operators; and no mask of the self-attention reads the tokens. Position
    embeddings, rotary tables, masks and biases may be anything that follows from the number of tokens. All
    other inputs are sources, of any dtypes and dims: what depends only on them goes to an encoder graph, and
    so do all other outputs.

    The step form is proven on the samples, token by token and in chunks, and on every later one in halves,
    before it is handed out. A cache of the model's own was proven the same way when it was found: both say
    what the whole model says.

    Args:
        captured: The whole model.
        recovered: Its recovered graph; left as it is.
        samples: Real inputs, one of at least 3 tokens.
        later: More of them, which have no part in deriving it.

    Returns:
        The step form, or the reason why there is none.
    """
    if captured.cache is not None and captured.cache.objection is not None:
        return Refusal(captured.cache.objection)
    try:
        alone, graph, its_samples = without_implied(captured, recovered, samples)
        steps = _derived(alone, graph, its_samples)
        check_fits(steps)
    except EdgeAttnError as verdict:  # also of onnxruntime, where the model cannot take the probes' sizes
        return Refusal(f"{finding(verdict)}{_attention_left(recovered)}")
    reason = objection(steps, alone, its_samples) or late_objection(steps, alone, later)
    return steps if reason is None else Refusal(f"{reason}{_attention_left(recovered)}")


def check_fits(steps: Steps) -> None:
    """Refuse what the bundle format cannot hold.

    Raises:
        BundleError: Its generation does not fit its graphs.
    """
    contracts = {name: part.graph for name, part in steps.graphs.items()}
    check_generation(steps.generation, contracts, steps.symbols)


def _attention_left(recovered: Recovered) -> str:
    """Say which attention is no operator, and why: where keys are not seen, they cannot be kept."""
    return "".join(
        f"; attention {refused.module or refused.node!r}: {refused.reason}"
        for refused in recovered.refused
        if refused.rule == ATTENTION
    )


def _derived(captured: Captured, recovered: Recovered, samples: Samples) -> Steps:
    roles = find_roles(captured.graph)
    if CAPACITY in captured.symbols:
        raise CannotStep(f"the axis name {CAPACITY!r} is reserved for the cache; rename the axis in dynamic")
    check_causal(captured, roles, samples)
    anatomy = study(recovered.model, roles, captured, samples)
    decoder = step_decoder(anatomy)
    positions = longest_text(anatomy, captured.symbols[roles.sequence].max)
    encoder = _encoder(anatomy, decoder)
    graphs = {MAIN_GRAPH: ModelGraph(decoder.model, _contract(decoder.model, captured), (roles.logits.name,))}
    if encoder is not None:
        graphs[ENCODER_GRAPH] = ModelGraph(encoder, _contract(encoder, captured))
    generation = Generation(
        kind="decoder" if encoder is None else "encoder-decoder",
        decoder=MAIN_GRAPH,
        encoder=None if encoder is None else ENCODER_GRAPH,
        sources=() if encoder is None else tuple(tensor.name for tensor in roles.sources),
        carried=tuple(value.name or "" for value in decoder.carried.values()),
        tokens=roles.tokens.name,
        logits=roles.logits.name,
        length=LENGTH,
        cache=decoder.caches,
        positions=positions,
    )
    bounds = _bounds(captured, graphs.values(), roles.sequence, positions)
    return Steps(graphs=graphs, generation=generation, symbols=bounds)


def _encoder(anatomy: Anatomy, decoder: Decoder) -> ir.Model | None:
    if decoder.carried:
        return source_encoder(anatomy, (*decoder.carried.items(), *decoder.memories.items()))
    if decoder.memories:
        names = ", ".join(str(value.name) for value in decoder.memories)
        raise CannotStep(f"the logits do not depend on the sources, as {names} do; leave these out")
    return None


def _contract(model: ir.Model, captured: Captured) -> Graph:
    """Return a graph's contract; what an input is to the whole model, it is here."""
    graph, whole = contract_of(model), {tensor.name: tensor for tensor in captured.graph.inputs}
    symbols = symbols_of(graph.inputs)
    inputs = tuple(_as_in(whole.get(tensor.name), tensor, symbols) for tensor in graph.inputs)
    return replace(graph, inputs=inputs)


def _as_in(whole: Tensor | None, tensor: Tensor, symbols: Sequence[str]) -> Tensor:
    if whole is None:
        return tensor
    lengths_of = whole.lengths_of if whole.lengths_of in symbols else None
    return replace(tensor, table_rows=whole.table_rows, lengths_of=lengths_of)


def _bounds(
    captured: Captured, graphs: Iterable[ModelGraph], sequence: str, positions: int | None
) -> Mapping[str, Symbol]:
    """Return the bounds of every symbol that the graphs have; those that an encoder makes are unbounded."""
    bounds = {**captured.symbols, sequence: Symbol(1, positions), CAPACITY: Symbol(1, positions)}
    used = symbols_of(tensor for part in graphs for tensor in (*part.graph.inputs, *part.graph.outputs))
    return {name: bounds.get(name, Symbol(1, None)) for name in (*bounds, *used) if name in used}
