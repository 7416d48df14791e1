"""How an app loads a bundle and calls it, and an answer of it: the last things that an export prints."""

from __future__ import annotations

from collections.abc import Sequence
from keyword import iskeyword
from pathlib import Path

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from edgeattn.report.table import INDENT, pairs
from edgeattn_runtime.bundle.manifest import Generation, Graph
from edgeattn_runtime.processing import Processing

_CODE_WIDTH = 72  # what 80 columns leave
_TEXT, _PAIR = 'text="..."', 'pair="..."'
_GIVEN = {"text": _TEXT, "pair": _PAIR, "size": "size=(640, 480)"}  # by what predictions need


def example_parts(original: str, bundle: str) -> tuple[RenderableType, ...]:
    """Lay out the answers of both models to one real sample, in words."""
    return (pairs({"PyTorch says": original, "The bundle says": bundle}),)


def loading_parts(
    bundle: Path, graph: Graph, generation: Generation | None = None, processing: Processing | None = None
) -> tuple[RenderableType, ...]:
    """Say where the bundle is and how an app loads it."""
    call = (
        _calling(bundle, graph, processing or Processing())
        if generation is None
        else _generating(bundle, generation)
    )
    return (
        Text(f"{bundle} is the bundle; an app runs it without PyTorch:"),
        Padding(Text(f"import edgeattn_runtime\n\n{call}", style="cyan"), INDENT, expand=False),
    )


def _calling(bundle: Path, graph: Graph, processing: Processing) -> str:
    arguments = _prepared(processing) or _arguments([tensor.name for tensor in graph.inputs])
    read = "" if processing.prediction is not None else f'["{graph.outputs[0].name}"]'
    call = f"out = net({arguments}){read}"
    if len(call) > _CODE_WIDTH:
        call = f"out = net(\n    {arguments}\n){read}"
    if processing.prediction is not None:
        given = (_GIVEN[name] for name in _GIVEN if name in processing.prediction_needs)
        call += f"\nanswer = net.predictions({', '.join(('out', *given))})"
    return f'net = edgeattn_runtime.load("{bundle.as_posix()}")\n{call}'


def _prepared(processing: Processing) -> str | None:
    """Return what makes a call's arguments of an app's own data; None where nothing does."""
    examples = {
        "text": _TEXT,
        "image": 'image="photo.png"',
        "audio": 'audio="speech.wav"',
        "series": 'series="hours.csv"',
    }
    raw = [example for kind, example in examples.items() if getattr(processing, kind) is not None]
    if processing.text is not None and processing.text.pair is not None:
        raw.append(_PAIR)
    return f"**net.prepare({', '.join(raw)})" if raw else None


def _arguments(names: Sequence[str]) -> str:
    if all(name.isidentifier() and not iskeyword(name) for name in names):
        return ", ".join(f"{name}=..." for name in names)
    entries = ", ".join(f'"{name}": ...' for name in names)  # no keywords, such as "maps.0"
    return f"**{{{entries}}}"


def _generating(bundle: Path, generation: Generation) -> str:
    sources = ", ".join(f'"{name}": ...' for name in generation.sources)
    start = "" if generation.defaults.start else ", start=[...]"
    begin = f"{{{sources}}}{start}" if sources else "prompt"
    return (
        f'tokens = edgeattn_runtime.generate("{bundle.as_posix()}", {begin})\n'
        "for token in tokens:  # as they come\n    ..."
    )
