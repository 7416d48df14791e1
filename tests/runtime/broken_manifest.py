"""A manifest that breaks a rule: how a test breaks it, and who must refuse it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing

from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.errors import BundleError

ROOM = Path(__file__).parents[2] / "runtime"
_NAMES = ("manifest", "generation")
_MANIFEST, _GENERATION = (json.loads((ROOM / f"{name}.schema.json").read_text("utf-8")) for name in _NAMES)
_OTHERS = referencing.Registry().with_contents([(_GENERATION["$id"], _GENERATION)])
SCHEMA = jsonschema.Draft202012Validator(_MANIFEST, registry=_OTHERS)

Change = Callable[[Any], object]


def manifest_of(bundle: str) -> str:
    """Return the manifest's text of a conformance bundle."""
    return (ROOM / "conformance" / "build" / f"{bundle}.edge" / "manifest.json").read_text("utf-8")


def changed(text: str, *changes: Change) -> Any:
    """Return the manifest of a text with changes made to it, one after the other."""
    manifest = json.loads(text)
    for change in changes:
        change(manifest)
    return manifest


def put(*path: str | int, to: object) -> Change:
    """Return what puts a value where keys and indices lead."""

    def change(manifest: Any) -> None:
        for key in path[:-1]:
            manifest = manifest[key]
        manifest[path[-1]] = to

    return change


def refused_by_schema_too(manifest: Any, message: str) -> None:
    """Check a rule that the JSON schema can state: the reader's one line begins with ``message``."""
    _refused(manifest, message)
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(manifest)


def refused_by_reader_alone(manifest: Any, message: str) -> None:
    """Check a rule that ties one key to another, which is beyond the schema."""
    _refused(manifest, message)
    SCHEMA.validate(manifest)


def _refused(manifest: Any, message: str) -> None:
    with pytest.raises(BundleError, match="^" + re.escape(message)) as caught:
        Manifest.from_json(json.dumps(manifest))
    assert "\n" not in str(caught.value)
