"""Attention takes its inputs as the projections leave them, without transposes.

Before: Reshape(Transpose(Attention(Transpose(Reshape(q)), Transpose(Reshape(k)), Transpose(Reshape(v)), m)))
After:  Attention(q, k, v, m, q_num_heads=H, kv_num_heads=H)     q, k, v: (B, S|T, H*D)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.fuse.dataflow import dims, only_user, permutation, producer, same_dim
from edgeattn_export.fuse.rule import Refusal

SWAP = (0, 2, 1, 3)  # (B, S, H, D) <-> (B, H, S, D)


@dataclass(frozen=True, slots=True)
class Match:
    """A 4-D attention, its inputs before their heads were split, and its output after they were joined."""

    attention: ir.Node
    inputs: tuple[ir.Value, ir.Value, ir.Value]
    output: ir.Value


class AttentionWithoutTransposes:
    """Gives Attention 3-D inputs; onnxruntime's kernel splits the heads without a copy of its own."""

    name = "attention layout"
    roots = frozenset({"Attention"})

    def check(self, node: ir.Node) -> Match | Refusal | None:
        """Match a 4-D attention between reshapes; refuse one whose heads are split or joined otherwise."""
        if "q_num_heads" in node.attributes or len(node.outputs) > 1:
            return None
        joined = _joined(node.outputs[0])
        if joined is None:
            return Refusal("its output does not go straight back to (batch, length, heads * size)")
        split = [_before_split(value) for value in node.inputs[:3]]
        query, keys, values = split
        if query is None or keys is None or values is None:
            names = [n for n, value in zip(("query", "keys", "values"), split, strict=True) if value is None]
            return Refusal(
                f"its {' and '.join(names)} are not split into heads by one reshape and one transpose"
            )
        return Match(node, (query, keys, values), joined)

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the 3-D attention."""
        old = match.attention
        attributes: dict[str, ir.Attr | int] = dict(old.attributes)
        attributes |= {"q_num_heads": _heads(old, 0), "kv_num_heads": _heads(old, 1)}
        return {match.output: tape.op("Attention", [*match.inputs, *old.inputs[3:]], attributes)}


def _heads(attention: ir.Node, index: int) -> int:
    heads = dims(attention.inputs[index])[1]
    if not isinstance(heads, int):
        raise TypeError(f"{attention.name}: {heads} heads; check lets only numbers pass")
    return heads


def _before_split(value: ir.Value | None) -> ir.Value | None:
    """Return the (B, S, H*D) value that was reshaped and transposed to (B, H, S, D)."""
    transpose = producer(value, "Transpose")
    if transpose is None or permutation(transpose) != SWAP:
        return None
    reshape = producer(transpose.inputs[0], "Reshape")
    if reshape is None:
        return None
    whole, split = dims(reshape.inputs[0]), dims(reshape.outputs[0])
    return reshape.inputs[0] if _splits_heads(whole, split) else None


def _joined(value: ir.Value) -> ir.Value | None:
    """Return the (B, S, H*D) value that (B, H, S, D) is transposed and reshaped to."""
    transpose = only_user(value)
    if transpose is None or transpose.op_type != "Transpose" or permutation(transpose) != SWAP:
        return None
    reshape = only_user(transpose.outputs[0])
    if reshape is None or reshape.op_type != "Reshape":
        return None
    split, whole = dims(reshape.inputs[0]), dims(reshape.outputs[0])
    return reshape.outputs[0] if _splits_heads(whole, split) else None


def _splits_heads(whole: tuple[int | str | None, ...], split: tuple[int | str | None, ...]) -> bool:
    if len(whole) != 3 or len(split) != 4 or not all(map(same_dim, whole[:2], split[:2])):
        return False
    heads, size = split[2:]
    return isinstance(heads, int) and isinstance(size, int) and whole[2] == heads * size
