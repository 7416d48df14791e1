"""A bundle's README.md: what it is, its figures, how to run it in each language, and what a hub reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgeattn.report.ci.summary import plain, summary
from edgeattn.report.number_words import counts
from edgeattn.results.card import Card
from edgeattn.results.report import Report
from edgeattn.results.trial import recipe_words
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.processing import Processing

CARD_FILE = "README.md"

_TAGS = ("edgeattn", "onnx", "onnxruntime", "int8")
_LITERAL = re.compile(r"[\w .+-]+")  # the same between quotes in every language
_PROVENANCE = {
    "recipe": "Recipe",
    "source": "Source, sha256",
    "weights": "Weights, sha256",
    "versions": "Made with",
}
_TASKS = {  # of Hugging Face's hub, by what is prepared, where labels read the outputs
    "text": "text-classification",
    "image": "image-classification",
    "audio": "audio-classification",
}

_GENERATING = {  # by what continues a sequence, and what is prepared
    ("decoder", "text"): "text-generation",
    ("encoder-decoder", "audio"): "automatic-speech-recognition",
    ("encoder-decoder", "image"): "image-to-text",
}


def card(manifest: Manifest, reports: Iterable[Report], own: Card) -> str:
    """Return the README's text."""
    environment = Environment(
        loader=PackageLoader("edgeattn.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plain": plain, "code": _code, "literal": _literal}
    prepared = manifest.processing or Processing()
    return environment.get_template("card.md").render(
        metadata={name: json.dumps(value) for name, value in _metadata(manifest, own).items()},
        manifest=manifest,
        description=own.description,
        license=own.license or "not stated",
        kind=_kind(manifest),
        labelled=prepared.labels is not None,
        needs=None if prepared.prediction is None else sorted(prepared.prediction_needs, reverse=True),
        targets=", ".join(dict.fromkeys(variant.target for variant in manifest.variants)),
        figures=[summary(report).rstrip() for report in reports],
        provenance=dict(_provenance(manifest.provenance)),
    )


def _code(name: str) -> str:
    """Return a name as Markdown's code, which ends at no backtick and no bar of the name."""
    inner = name.replace("`", "'").replace("|", r"\|")
    return f"`{inner}`"


def _literal(name: str) -> str:
    """Return a name that stands between quotes in code, "NAME" for one that might end them."""
    return name if _LITERAL.fullmatch(name) else "NAME"


def _metadata(manifest: Manifest, own: Card) -> Mapping[str, str | tuple[str, ...]]:
    """Return what stands at the README's head; values are JSON there, which YAML reads."""
    task = _task(manifest)
    return {
        "library_name": "edgeattn",
        "tags": _TAGS,
        **({} if task is None else {"pipeline_tag": task}),
        **own.metadata,
    }


def _task(manifest: Manifest) -> str | None:
    """Return what the hub calls what the model does, where the manifest says."""
    prepared = manifest.processing or Processing()
    kind, generation = _kind(manifest), manifest.generation
    if generation is not None:
        return _GENERATING.get((generation.kind, kind)) if prepared.text is not None else None
    if kind == "series":
        return "time-series-forecasting"
    return None if prepared.labels is None else _TASKS.get(kind)


def _kind(manifest: Manifest) -> str:
    """Return what an app hands over: a text, an image, a sound, a series, or arrays as they are."""
    prepared, generation = manifest.processing or Processing(), manifest.generation
    inputs = {"text": None if prepared.text is None else prepared.text.ids}
    inputs |= {
        kind: None if part is None else part.input
        for kind, part in (("image", prepared.image), ("audio", prepared.audio), ("series", prepared.series))
    }
    taken = None if generation is None else generation.sources or (generation.tokens,)
    return next((kind for kind, name in inputs.items() if name and (not taken or name in taken)), "arrays")


def _provenance(provenance: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for key, name in _PROVENANCE.items():
        value = provenance.get(key)
        if isinstance(value, Mapping):
            yield name, plain(counts(value))
        elif value is not None:
            yield name, plain(recipe_words(str(value)))
