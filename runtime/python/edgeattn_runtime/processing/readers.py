"""The kinds of prediction. To add one, write its reader and list it in ``READERS``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from edgeattn_runtime.fields import Field
from edgeattn_runtime.processing.answer_span import AnswerSpan
from edgeattn_runtime.processing.classes import Classes
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.prediction import Reader
from edgeattn_runtime.processing.tags import Tags
from edgeattn_runtime.processing.transcript import Transcript

READERS: Mapping[str, Callable[[Field], Reader]] = {
    "classes": Classes.from_field,
    "ctc": Transcript.from_field,
    "objects": Objects.from_field,
    "span": AnswerSpan.from_field,
    "tags": Tags.from_field,
}

_KIND = re.compile("|".join(READERS))


def read_reader(field: Field) -> Reader:
    """Read the manifest's ``processing.prediction``.

    Raises:
        BundleError: It is of no kind that is known, or breaks a rule of its kind.
    """
    table = field.table()
    if "kind" not in table:
        raise field.refusal("a kind of prediction")
    return READERS[table["kind"].text(_KIND, f"one of {', '.join(READERS)}")](field)
