"""Generation: its entry in the manifest, checked against the graphs that it names.

Every check raises BundleError, which names the key, what was found there and what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, Record, choice, repeated, some
from edgeattn_runtime.graph import Graph, Symbol, Tensor, check_takes

_kind = choice("decoder", "encoder-decoder")
_KEYS = ("kind", "decoder", "tokens", "logits", "length", "cache", "positions")
_ENCODER_KEYS = ("encoder", "sources", "carried")
_DEFAULTS = "defaults"

CAPACITY = "capacity"  # the symbol of the tokens that the key-value cache has room for
CACHED = ("float32", "int8")  # the dtypes of a cache's tensors


@dataclass(frozen=True, slots=True)
class CacheEntry(Record):
    """One tensor of the key-value cache by the names of the decoder's input and output for it.

    Both are (batch, heads, capacity, size), float32 or int8, and may be one array. Scales of a cache in int8
    are entries like any other.
    """

    past: str
    present: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation(Record):
    """How a bundle generates: names of graphs and of their inputs and outputs.

    ``decoder`` maps ``tokens``, int64 (batch, sequence), and the key-value cache to ``logits``, float32
    (batch, sequence, vocabulary), and the cache with these tokens in it. ``length``, int64 (1,), is its
    input of how many tokens the cache holds. An encoder-decoder runs ``encoder`` once, on ``sources``, which
    are all of its inputs, of any dtypes and dims; its outputs ``carried`` go into the decoder under the same
    names in every call. ``positions`` is the longest total length; None is unbounded. ``defaults`` holds
    where a caller says nothing.
    """

    kind: Literal["decoder", "encoder-decoder"]
    decoder: str
    encoder: str | None = None
    sources: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    tokens: str
    logits: str
    length: str
    cache: tuple[CacheEntry, ...]
    positions: int | None
    defaults: GenerationOptions = NO_OPTIONS

    def to_table(self) -> dict[str, object]:
        """Return what the manifest holds of it: an encoder's keys, and defaults, where there are any."""
        table = asdict(self) | {_DEFAULTS: self.defaults.to_table()}
        left_out = _ENCODER_KEYS if self.kind == "decoder" else ()
        return {
            name: value
            for name, value in table.items()
            if name not in left_out and (name != _DEFAULTS or value)
        }

    @classmethod
    def from_field(cls, field: Field) -> Generation:
        """Read the manifest's ``generation``."""
        keys = field.record(*_KEYS, optional=(*_ENCODER_KEYS, _DEFAULTS))
        kind = _kind(keys["kind"])
        paired = kind == "encoder-decoder"
        fields = field.record(*_KEYS, *(_ENCODER_KEYS if paired else ()), optional=(_DEFAULTS,))
        return cls(
            kind=kind,
            decoder=fields["decoder"].text(),
            encoder=fields["encoder"].text() if paired else None,
            sources=fields["sources"].names() if paired else (),
            carried=fields["carried"].names() if paired else (),
            tokens=fields["tokens"].text(),
            logits=fields["logits"].text(),
            length=fields["length"].text(),
            cache=some(CacheEntry.from_field)(fields["cache"]),
            positions=None if fields["positions"].value is None else fields["positions"].integer(1),
            defaults=GenerationOptions.from_field(fields[_DEFAULTS]) if _DEFAULTS in fields else NO_OPTIONS,
        )


def check_generation(
    generation: Generation, graphs: Mapping[str, Graph], symbols: Mapping[str, Symbol]
) -> None:
    """Check that the graphs have what ``generation`` names, in dtypes and dims that fit each other.

    Every dim of the graphs must be known to be in ``symbols``.
    """
    decoder = _graph(generation.decoder, "decoder", graphs)
    check_takes(
        "generation.decoder", decoder, [generation.tokens, *cache_inputs(generation), *generation.carried]
    )
    tokens = _tensor(generation.tokens, "tokens", decoder.inputs, "int64", str, str)
    _tensor(generation.logits, "logits", decoder.outputs, "float32", *tokens.dims, int)
    _tensor(generation.length, "length", decoder.inputs, "int64", 1)
    batch, sequence = map(str, tokens.dims)
    for i, entry in enumerate(generation.cache):
        past = _tensor(entry.past, f"cache[{i}].past", decoder.inputs, CACHED, batch, int, CAPACITY, int)
        _tensor(entry.present, f"cache[{i}].present", decoder.outputs, past.dtype, *past.dims)
    if (present := repeated(entry.present for entry in generation.cache)) is not None:
        raise BundleError(f"generation.cache: {present!r} continues two entries")
    if generation.encoder is not None:
        _check_encoder(generation, decoder, _graph(generation.encoder, "encoder", graphs))
    _check_defaults(generation, vocabulary(decoder, generation), symbols[batch])
    _check_bounds(symbols, batch, 1)
    _check_bounds(symbols, sequence, generation.positions)
    _check_bounds(symbols, CAPACITY, generation.positions)


def cache_inputs(generation: Generation) -> tuple[str, ...]:
    """Return the decoder's inputs that stand for the tokens before: their number, keys and values."""
    return (generation.length, *(entry.past for entry in generation.cache))


def vocabulary(decoder: Graph, generation: Generation) -> int:
    """Return how many tokens a decoder's logits are of."""
    return next(int(tensor.dims[-1]) for tensor in decoder.outputs if tensor.name == generation.logits)


def batch_symbol(decoder: Graph, generation: Generation) -> str:
    """Return the symbol of how many sequences a call takes."""
    return next(str(tensor.dims[0]) for tensor in decoder.inputs if tensor.name == generation.tokens)


def batch_axes(generation: Generation, decoder: Graph) -> dict[str, int]:
    """Return the axis of the sequences in each tensor that the encoder gives a row of for every sequence."""
    batch = batch_symbol(decoder, generation)
    carried = [tensor for tensor in decoder.inputs if tensor.name in generation.carried]
    return {tensor.name: tensor.dims.index(batch) for tensor in carried if batch in tensor.dims}


def _graph(name: str, key: str, graphs: Mapping[str, Graph]) -> Graph:
    if name not in graphs:
        raise BundleError(f"generation.{key}: {name!r} is not in graphs; it has {', '.join(graphs)}")
    return graphs[name]


def _tensor(
    name: str,
    key: str,
    tensors: tuple[Tensor, ...],
    dtype: str | tuple[str, ...],
    *dims: int | str | type[int] | type[str],
) -> Tensor:
    """Return the tensor of that name and dtype; a dim given as ``int`` is any size, as ``str`` any symbol."""
    dtypes = (dtype,) if isinstance(dtype, str) else dtype
    for tensor in tensors:
        if tensor.name == name:
            break
    else:
        raise BundleError(f"generation.{key}: the graph has no {name!r}, only {', '.join(map(str, tensors))}")
    fits = [
        isinstance(size, dim) if isinstance(dim, type) else size == dim
        for size, dim in zip(tensor.dims, dims, strict=False)
    ]
    if tensor.dtype not in dtypes or len(tensor.dims) != len(dims) or not all(fits):
        words = {int: "a size", str: "a symbol"}
        shape = ", ".join(words[dim] if isinstance(dim, type) else str(dim) for dim in dims)
        raise BundleError(f"generation.{key}: {tensor} found, {' or '.join(dtypes)}[{shape}] expected")
    return tensor


def _check_encoder(generation: Generation, decoder: Graph, encoder: Graph) -> None:
    check_takes("generation.sources", encoder, generation.sources)
    for i, name in enumerate(generation.carried):
        carried = next(tensor for tensor in decoder.inputs if tensor.name == name)
        _tensor(name, f"carried[{i}]", encoder.outputs, carried.dtype, *carried.dims)


def _check_defaults(generation: Generation, vocabulary: int, batch: Symbol) -> None:
    """Check tokens against the vocabulary, and beams against the rows of a call."""
    defaults = generation.defaults
    if defaults.start is not None and generation.encoder is None:
        raise BundleError("generation.defaults.start: found in a decoder alone, which begins with its prompt")
    for name, tokens in (("start", defaults.start or ()), ("stop", defaults.stop or ())):
        for token in tokens:
            if token >= vocabulary:
                raise BundleError(
                    f"generation.defaults.{name}: token {token} found, 0 to {vocabulary - 1} expected"
                )
    if batch.max is not None and (defaults.num_beams or 1) > batch.max:
        raise BundleError(
            f"generation.defaults.num_beams: {defaults.num_beams} found, at most {batch.max} expected: "
            "the rows of a call"
        )


def _check_bounds(symbols: Mapping[str, Symbol], name: str, most: int | None) -> None:
    """Check that a symbol may be 1 to ``most``, or any size."""
    symbol = symbols[name]
    too_low = symbol.max is not None and (most is None or symbol.max < most)
    if symbol.min > 1 or too_low:
        expected = "at least 1" if most is None else f"1 to {most}"
        raise BundleError(f"symbols.{name}: {symbol} found, {expected} expected by generation")
