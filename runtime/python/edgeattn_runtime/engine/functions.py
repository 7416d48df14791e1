"""Functions of an ONNX file, counted as they would expand before they do.

onnxruntime writes each call out as it loads a file, which no deadline ends. Functions that call one another
twice make 2^n nodes of n.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from edgeattn_runtime.engine.onnx_wire import DEEPEST, WireReader
from edgeattn_runtime.errors import BundleError

NODES: Final = 2**15  # that all calls expand to; 16,384 in functions 14 deep take onnxruntime 5 s
BYTES: Final = 2**25  # of these nodes, their constants among them
_MANY = 2**53  # beyond which none is counted
_ORT = b"ORTM"  # of onnxruntime's own format, in which nothing is left to expand

# Fields of ONNX's messages (onnx.proto).
_MODEL_GRAPH, _MODEL_FUNCTION = 7, 25
_FUNCTION_NAME, _FUNCTION_NODE, _FUNCTION_DOMAIN = 1, 7, 10
_GRAPH_NODE = 1
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_GRAPHS = 6, 11

Name = tuple[str, str]  # a domain and an operator


@dataclass(slots=True)
class _Body:
    """Nodes of a function, or of a graph: how many there are, their bytes, and how often each operator is."""

    nodes: int = 0
    bytes: int = 0
    operators: Counter[Name] = field(default_factory=Counter)


def check_functions(graph: BinaryIO, label: str) -> None:
    """Refuse a graph whose functions expand to more than ``NODES`` nodes, or to more than ``BYTES``.

    Args:
        graph: Its file, of which no weight is read.
        label: What errors call it.

    Raises:
        BundleError: They do, or call themselves; or it has functions, and is no message of ONNX.
    """
    graph.seek(4)
    if graph.read(4) == _ORT:
        return
    reader = _Reader(graph, label)
    if not reader.functions:
        return
    nodes, size = _Expansion(reader.functions, label).of_calls(reader.main)
    if nodes > NODES or size > BYTES:
        raise BundleError(
            f"{label}: functions that expand to {nodes:,} nodes of {size:,} bytes found, at most {NODES:,} "
            f"of {BYTES:,} expected; export the model again"
        )


class _Expansion:
    """Counts what calls of functions become; nothing of it is written out."""

    def __init__(self, functions: dict[Name, list[_Body]], label: str) -> None:
        self._functions, self._label = functions, label
        self._known: dict[Name, tuple[int, int]] = {}

    def of_calls(self, body: _Body, depth: int = 0) -> tuple[int, int]:
        """Return how many nodes the calls of functions among some nodes become, and their bytes."""
        if depth > DEEPEST:
            raise BundleError(
                f"{self._label}: functions that call one another more than {DEEPEST} deep found, or without "
                "end; export the model again"
            )
        called = [
            (count, self._of(name, depth))
            for name, count in body.operators.items()
            if name in self._functions
        ]
        nodes = sum(count * nodes for count, (nodes, _) in called)
        size = sum(count * size for count, (_, size) in called)
        return min(nodes, _MANY), min(size, _MANY)

    def _of(self, name: Name, depth: int) -> tuple[int, int]:
        """Return what one call becomes: of bodies that differ in their overload, the largest."""
        if name not in self._known:
            whole = [(body, *self.of_calls(body, depth + 1)) for body in self._functions[name]]
            self._known[name] = (
                max(body.nodes + nodes for body, nodes, _ in whole),
                max(body.bytes + size for body, _, size in whole),
            )
        return self._known[name]


class _Reader(WireReader):
    """Reads which operators a graph and its functions have; the graph only where there are functions."""

    def __init__(self, file: BinaryIO, label: str) -> None:
        super().__init__(file, label)
        self.functions: dict[Name, list[_Body]] = defaultdict(list)
        self.main = _Body()
        graphs: list[tuple[int, int]] = []
        for number, size in self.fields(self.end):
            if number == _MODEL_FUNCTION:
                self._read_function(self.place + size)
                continue
            if number == _MODEL_GRAPH:
                graphs.append((self.place, self.place + size))
            self.skip(size)
        for begin, end in graphs if self.functions else ():
            self.skip(begin - self.place)
            self._read_graph(self.main, end, 0)

    def _read_function(self, end: int) -> None:
        body, name, domain = _Body(), "", ""
        for number, size in self.fields(end):
            if number == _FUNCTION_NODE:
                self._read_node(body, self.place + size, 0)
            elif number == _FUNCTION_NAME:
                name = self.text(size)
            elif number == _FUNCTION_DOMAIN:
                domain = self.text(size)
            else:
                self.skip(size)
        self.functions[_named(domain, name)].append(body)

    def _read_graph(self, body: _Body, end: int, depth: int) -> None:
        if depth > DEEPEST:
            raise self.broken()
        for number, size in self.fields(end):
            if number == _GRAPH_NODE:
                self._read_node(body, self.place + size, depth)
            else:
                self.skip(size)

    def _read_node(self, body: _Body, end: int, depth: int) -> None:
        body.nodes += 1
        body.bytes += end - self.place if depth == 0 else 0  # those of a graph within a node are its own
        operator = domain = ""
        for number, size in self.fields(end):
            if number == _NODE_OPERATOR:
                operator = self.text(size)
            elif number == _NODE_DOMAIN:
                domain = self.text(size)
            elif number == _NODE_ATTRIBUTE:
                self._read_attribute(body, self.place + size, depth)
            else:
                self.skip(size)
        body.operators[_named(domain, operator)] += 1

    def _read_attribute(self, body: _Body, end: int, depth: int) -> None:
        for number, size in self.fields(end):
            if number in _ATTRIBUTE_GRAPHS:
                self._read_graph(body, self.place + size, depth + 1)
            else:
                self.skip(size)


def _named(domain: str, operator: str) -> Name:
    return ("" if domain == "ai.onnx" else domain, operator)
