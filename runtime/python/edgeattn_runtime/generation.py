"""What the manifest says of a model that generates tokens, and whether its graphs can keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, cast

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Graph, Symbol, Tensor

_KIND = re.compile("decoder|encoder-decoder")
_KEYS = ("kind", "decoder", "tokens", "logits", "cache", "positions")
_ENCODER_KEYS = ("encoder", "source", "carried")
_LENGTH_KEY = "length"

CAPACITY = "capacity"  # the symbol of the tokens that a cache kept in place has room for


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One tensor of the key-value cache, float32, by the names of the decoder's input and output for it.

    In a cache that grows, ``past`` is (batch, heads, past, size) and ``present``, the past and what this call
    adds to it, is (batch, heads, total, size), where total = past + sequence. In one that is kept in place,
    both are (batch, heads, capacity, size).
    """

    past: str
    present: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """How a bundle generates: names of graphs and of their inputs and outputs.

    ``decoder`` maps ``tokens``, int64 (batch, sequence), and a cache to ``logits``, float32 (batch, sequence,
    vocabulary), and the longer cache. An encoder-decoder runs ``encoder`` once per source, on ``source``,
    int64 (batch, source); its outputs ``carried`` go into the decoder under the same names in every call.
    ``length``, of a cache that is kept in place, is the decoder's input, int64 (1,), of how many tokens the
    cache holds; None: the cache grows. ``positions`` is the longest total length; None is unbounded.
    """

    kind: Literal["decoder", "encoder-decoder"]
    decoder: str
    encoder: str | None = None
    source: str | None = None
    carried: tuple[str, ...] = ()
    tokens: str
    logits: str
    length: str | None = None
    cache: tuple[CacheEntry, ...]
    positions: int | None

    def table(self) -> dict[str, object]:
        """Return the manifest's ``generation``, without the keys that its kind and its cache have not."""
        keys = asdict(self)
        if self.length is None:
            del keys["length"]
        if self.kind == "decoder":
            for name in _ENCODER_KEYS:
                del keys[name]
        return keys


def read_generation(field: Field) -> Generation:
    """Read the manifest's ``generation``."""
    known = field.record(*_KEYS, optional=(*_ENCODER_KEYS, _LENGTH_KEY))
    kind = known["kind"].text(_KIND, '"decoder" or "encoder-decoder"')
    paired = kind == "encoder-decoder"
    fields = field.record(*_KEYS, *(_ENCODER_KEYS if paired else ()), optional=(_LENGTH_KEY,))
    return Generation(
        kind=cast('Literal["decoder", "encoder-decoder"]', kind),
        decoder=fields["decoder"].text(),
        encoder=fields["encoder"].text() if paired else None,
        source=fields["source"].text() if paired else None,
        carried=tuple(item.text() for item in _some(fields["carried"])) if paired else (),
        tokens=fields["tokens"].text(),
        logits=fields["logits"].text(),
        length=fields[_LENGTH_KEY].text() if _LENGTH_KEY in fields else None,
        cache=tuple(_entry(item) for item in _some(fields["cache"])),
        positions=None if fields["positions"].value is None else fields["positions"].integer(1),
    )


def check_generation(
    generation: Generation, graphs: Mapping[str, Graph], symbols: Mapping[str, Symbol]
) -> None:
    """Check that the graphs have what ``generation`` names, in dtypes and dims that fit each other.

    Every dim of the graphs must be known to be in ``symbols``.

    Raises:
        BundleError: In one line, the key at fault, what was found there and what was expected.
    """
    decoder = _graph(generation.decoder, "decoder", graphs)
    _check_inputs(decoder, "decoder", [*decoder_inputs(generation), *generation.carried])
    tokens = _tensor(generation.tokens, "tokens", decoder.inputs, "int64", str, str)
    _tensor(generation.logits, "logits", decoder.outputs, "float32", *tokens.dims, int)
    batch, sequence = map(str, tokens.dims)
    if generation.length is not None:
        _tensor(generation.length, "length", decoder.inputs, "int64", 1)
    check_entry = _check_growing if generation.length is None else _check_in_place
    for i, entry in enumerate(generation.cache):
        check_entry(entry, f"cache[{i}]", decoder, batch)
    presents = [entry.present for entry in generation.cache]
    if len(set(presents)) < len(presents):
        raise BundleError(f"generation.cache: {max(presents, key=presents.count)!r} continues two entries")
    if generation.encoder is not None:
        _check_encoder(generation, decoder, _graph(generation.encoder, "encoder", graphs), batch)
    longest = generation.positions
    _check_bounds(symbols, batch, 1, 1)
    _check_bounds(symbols, sequence, 1, longest)
    if generation.length is None:
        _check_bounds(symbols, "past", 0, None if longest is None else longest - 1)
        _check_bounds(symbols, "total", 1, longest)
    else:
        _check_bounds(symbols, CAPACITY, 1, longest)


def decoder_inputs(generation: Generation) -> tuple[str, ...]:
    """Return the names of a decoder's inputs, all but what an encoder gives: the tokens' is the first."""
    length = () if generation.length is None else (generation.length,)
    return (generation.tokens, *length, *(entry.past for entry in generation.cache))


def _check_growing(entry: CacheEntry, key: str, decoder: Graph, batch: str) -> None:
    past = _tensor(entry.past, f"{key}.past", decoder.inputs, "float32", batch, int, "past", int)
    _, heads, _, size = past.dims
    _tensor(entry.present, f"{key}.present", decoder.outputs, "float32", batch, heads, "total", size)


def _check_in_place(entry: CacheEntry, key: str, decoder: Graph, batch: str) -> None:
    past = _tensor(entry.past, f"{key}.past", decoder.inputs, "float32", batch, int, CAPACITY, int)
    _tensor(entry.present, f"{key}.present", decoder.outputs, "float32", *past.dims)


def _some(field: Field) -> tuple[Field, ...]:
    items = field.items()
    if not items:
        raise field.refusal("at least one item")
    return items


def _entry(field: Field) -> CacheEntry:
    fields = field.record("past", "present")
    return CacheEntry(fields["past"].text(), fields["present"].text())


def _graph(name: str, key: str, graphs: Mapping[str, Graph]) -> Graph:
    if name not in graphs:
        raise BundleError(f"generation.{key}: {name!r} is not in graphs; it has {', '.join(graphs)}")
    return graphs[name]


def _check_inputs(graph: Graph, key: str, named: list[str]) -> None:
    inputs = [tensor.name for tensor in graph.inputs]
    if sorted(inputs) != sorted(named):
        raise BundleError(
            f"generation.{key}: a graph that takes {', '.join(inputs)} found, "
            f"one that takes {', '.join(named)} expected"
        )


def _tensor(
    name: str, key: str, tensors: tuple[Tensor, ...], dtype: str, *dims: int | str | type[int] | type[str]
) -> Tensor:
    """Return the tensor of that name; a dim given as ``int`` is any size, as ``str`` any symbol."""
    for tensor in tensors:
        if tensor.name == name:
            break
    else:
        raise BundleError(f"generation.{key}: the graph has no {name!r}, only {', '.join(map(str, tensors))}")
    fits = [
        isinstance(found, dim) if isinstance(dim, type) else found == dim
        for found, dim in zip(tensor.dims, dims, strict=False)
    ]
    if tensor.dtype != dtype or len(tensor.dims) != len(dims) or not all(fits):
        words = {int: "a size", str: "a symbol"}
        shape = ", ".join(words[dim] if isinstance(dim, type) else str(dim) for dim in dims)
        raise BundleError(f"generation.{key}: {tensor} found, {dtype}[{shape}] expected")
    return tensor


def _check_encoder(generation: Generation, decoder: Graph, encoder: Graph, batch: str) -> None:
    source = cast("str", generation.source)
    _check_inputs(encoder, "encoder", [source])
    _tensor(source, "source", encoder.inputs, "int64", batch, str)
    for i, name in enumerate(generation.carried):
        taken = next(tensor for tensor in decoder.inputs if tensor.name == name)
        _tensor(name, f"carried[{i}]", encoder.outputs, taken.dtype, *taken.dims)


def _check_bounds(symbols: Mapping[str, Symbol], name: str, least: int, most: int | None) -> None:
    found = symbols[name]
    too_low = found.max is not None and (most is None or found.max < most)
    if found.min > least or too_low:
        raise BundleError(
            f"symbols.{name}: {found.min} to {'any' if found.max is None else found.max} found, "
            f"{least} to {'any' if most is None else most} expected by generation"
        )
