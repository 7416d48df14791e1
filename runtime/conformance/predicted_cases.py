"""Bundles whose outputs are read as predictions, and manifests whose predictions their outputs cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import answer_spans
import framed_objects
import pairs
import predicted
import prompted_tags
from breaking import Make, changed
from case import ACCEPTED, Case, refused
from predicted import ANIMALS, CLASSES, DETECTORS, LETTERS, SPEECH, UNPARTED, bundle

_OBJECTS = bundle(ANIMALS, DETECTORS["objects"], ("candidates",))
_ANSWERS = answer_spans.bundle("pairs-bytes")
_SINGLE = replace(pairs.BUNDLES["pairs-bytes"], pair=None)
_SPEECH = bundle(LETTERS, SPEECH, ("frames",))


def _broken(name: str, why: str, key: str, to: Any, whole: Make = _OBJECTS) -> Case:
    return refused(name, why, changed("processing", "prediction", key, to=to, whole=whole))


PREDICTED = (
    *(
        Case(
            f"classes-{name}.edge",
            ACCEPTED,
            f"numbers to be read as classes, whose scores are by {name}",
            bundle(ANIMALS, reader, ()),
            predictions=predicted.classes(name),
        )
        for name, reader in CLASSES.items()
    ),
    Case(
        "ctc.edge",
        ACCEPTED,
        "frames to be read as texts, a label for spaces",
        _SPEECH,
        predictions=predicted.transcripts(SPEECH),
    ),
    Case(
        "ctc-unparted.edge",
        ACCEPTED,
        "frames to be read as texts without spaces, the last label the blank",
        bundle(LETTERS, UNPARTED, ("frames",)),
        predictions=predicted.transcripts(UNPARTED),
    ),
    *(
        Case(
            f"{name}.edge",
            ACCEPTED,
            f"candidates to be read as objects, their boxes by {reader.form}",
            bundle(ANIMALS, reader, ("candidates",)),
            predictions=predicted.objects(name),
        )
        for name, reader in DETECTORS.items()
    ),
    *(
        Case(
            f"{name}.edge",
            ACCEPTED,
            f"candidates to be read as objects of images {where}",
            framed_objects.bundle(name),
            predictions=framed_objects.entries(name),
        )
        for name, where in (
            ("objects-letterbox", "in the middle of a border"),
            ("objects-start", "before a border"),
            ("objects-cut", "of which the middle is kept"),
        )
    ),
    *(
        Case(
            f"tags-{name}.edge",
            ACCEPTED,
            f"tokens to be read as tags of {words}, by a {name} tokenizer",
            predicted.tagger(name),
            predictions=predicted.tags(name),
        )
        for name, words in (("wordpiece", "entities"), ("bytes", "words"), ("unigram", "entities"))
    ),
    Case(
        "tags-prompt.edge",
        ACCEPTED,
        "tokens to be read as tags of words behind a prompt, by a bytes tokenizer",
        prompted_tags.bundle(),
        predictions=prompted_tags.entries(),
    ),
    *(
        Case(
            f"span-{name.removeprefix('pairs-')}.edge",
            ACCEPTED,
            f"tokens to be read as answers of at most {longest} tokens, by {name}",
            answer_spans.bundle(name),
            predictions=answer_spans.entries(name),
        )
        for name, longest in answer_spans.LONGEST.items()
    ),
    _broken("prediction-kind.edge", "a kind of prediction that none is", "kind", "prophecy"),
    _broken("prediction-scores.edge", "scores of no known kind", "scores", "square"),
    _broken("prediction-form.edge", "boxes of no known form", "form", "polar"),
    _broken("prediction-threshold.edge", "a threshold that no score is above", "threshold", 1.5),
    _broken("prediction-background.edge", "a background beyond the labels", "background", len(ANIMALS)),
    _broken("prediction-boxes.edge", "boxes that are not four numbers", "boxes", "logits"),
    _broken("prediction-boxes-unknown.edge", "boxes of an output that is not there", "boxes", "frames"),
    _broken("prediction-blank.edge", "a blank beyond the labels", "blank", len(LETTERS), whole=_SPEECH),
    _broken("prediction-delimiter.edge", "a delimiter below 0", "delimiter", -1, whole=_SPEECH),
    _broken(
        "prediction-outside.edge",
        "a label outside that is not there",
        "outside",
        5,
        predicted.tagger("bytes"),
    ),
    _broken("prediction-longest.edge", "answers without a token", "longest", 0, _ANSWERS),
    _broken("prediction-start.edge", "answers that begin by an unknown output", "start", "x", _ANSWERS),
    refused(
        "prediction-pair.edge",
        "answers in single texts",
        changed("processing", "text", to=_SINGLE.to_table(), whole=_ANSWERS),
    ),
    refused(
        "prediction-texts.edge",
        "tags without a text",
        changed("processing", "prediction", to={"kind": "tags", "outside": None}, whole=_SPEECH),
    ),
    refused(
        "prediction-frames.edge",
        "frames to be read as texts in an output of two dims",
        changed("processing", "prediction", to=SPEECH.to_table(), whole=bundle(ANIMALS, CLASSES["none"], ())),
    ),
    refused(
        "prediction-labels.edge",
        "classes without labels",
        changed("processing", to={"prediction": {"kind": "classes", "scores": "softmax"}}),
    ),
)
