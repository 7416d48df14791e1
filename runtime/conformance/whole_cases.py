"""Bundles that are whole: what they answer, and the inputs that they refuse."""

from __future__ import annotations

import bundles
import calls
import generating
import many
import processed
import prompts
import sessions
import steps
from case import ACCEPTED, Case, in_both

from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION

WHOLE = (
    Case(
        "good.edge",
        ACCEPTED,
        "whole, and right",
        bundles.good,
        calls=[*calls.answered((1, 4), (3, 2)), *calls.refused()],
        run_many=many.together(),
        stream=many.streamless(),
        steps=steps.stepless(),
    ),
    Case(
        "long-named.edge",
        ACCEPTED,
        "a lookup with a name of 40,000 characters, and tokens beyond its table",
        bundles.long_named,
        calls=calls.beyond_table(),
    ),
    Case(
        "indexed.edge",
        ACCEPTED,
        "tokens that are indices into a table of 16 rows",
        bundles.indexed,
        calls=calls.indices(),
    ),
    Case(
        "padded.edge",
        ACCEPTED,
        "lengths of sequences, the longest of which fills their axis",
        bundles.padded,
        calls=calls.lengths(),
        run_many=many.padded(),
    ),
    Case(
        "several.edge",
        ACCEPTED,
        "two graphs, one with its weights in a file apart",
        bundles.several,
        calls=calls.looked_up(),
    ),
    Case(
        "tuned.edge",
        ACCEPTED,
        "options of the engine and the session, and independent rows",
        bundles.tuned,
        calls=calls.answered((3, 4)),
        run_many=many.together(),
    ),
    Case(
        "positions.edge",
        ACCEPTED,
        "independent rows with an answer for each position",
        many.positions,
        run_many=many.by_position(),
    ),
    Case(
        "preferred.edge",
        ACCEPTED,
        "three variants that run nowhere, before one that does",
        bundles.preferred,
        calls=calls.answered((1, 4)),
    ),
    Case(
        "buckets.edge",
        ACCEPTED,
        "two fixed shapes, met exactly, by padding or row by row, and a variant for all others",
        bundles.buckets,
        calls=calls.answered((1, 4), (2, 8), (1, 2), (3, 4), (3, 7), (1, 12)),
        run_many=many.together(),
    ),
    Case(
        "kernels.edge",
        ACCEPTED,
        "nodes for kernels that a runtime may have, each with a function of stock operators",
        bundles.with_kernels,
        calls=calls.answered((1, 4), (3, 2)),
    ),
    Case(
        "kernels-99.edge",
        ACCEPTED,
        "nodes for kernels of a version that no runtime has",
        in_both("engine", "options", KERNELS_OPTION, to=99, whole=bundles.with_kernels),
        calls=calls.answered((1, 4)),
    ),
    Case("fixed.edge", ACCEPTED, "one fixed length alone", bundles.fixed, calls=calls.fixed_length()),
    Case(
        "processed.edge",
        ACCEPTED,
        "a tokenizer, and labels",
        bundles.processed,
        calls=calls.of_text(),
        prepare=processed.long_entries("long"),
        labels=calls.labelled(),
    ),
    Case(
        "desktop.edge",
        ACCEPTED,
        "what Finder and Explorer leave in a folder that they show",
        bundles.shown,
        calls=calls.answered((1, 4)),
    ),
    Case(
        "downloaded.edge",
        ACCEPTED,
        "what Hugging Face's hub leaves in a folder that it fills",
        bundles.downloaded,
        calls=calls.answered((1, 4)),
    ),
    Case("signed.edge", ACCEPTED, "a signature that verifies", bundles.signed),
    Case(
        "decoder.edge",
        ACCEPTED,
        "generates",
        generating.decoder_alone,
        calls=calls.decoder_calls(),
        generate=calls.generated(),
        generate_many=prompts.continued(),
        session=sessions.continued(),
    ),
    Case(
        "int8-cache.edge",
        ACCEPTED,
        "generates with keys and values in int8, and their scales, as its cache",
        generating.int8_cached,
        calls=calls.int8_cache_calls(),
        generate=calls.generated(int8=True),
        generate_many=prompts.of_int8_cache(),
        session=sessions.of_int8_cache(),
    ),
    Case(
        "sources.edge",
        ACCEPTED,
        "generates from features and their mask",
        generating.feature_encoder,
        calls=calls.encoder_calls(),
        generate=calls.captioned(),
        generate_many=prompts.captioned(),
    ),
    Case(
        "encoder-decoder.edge",
        ACCEPTED,
        "generates from a source; graphs of the exporter, tokens of PyTorch",
        generating.encoder_decoder,
        calls=calls.encoder_decoder_calls(),
        generate=calls.translated(),
        session=sessions.of_sources(),
    ),
    Case(
        "steps.edge",
        ACCEPTED,
        "streams arrays in steps, along their first axis but the batch",
        steps.bundle("steps"),
        steps=steps.pushed("steps"),
    ),
    Case(
        "steps-rows.edge",
        ACCEPTED,
        "streams arrays in steps of one place, along their last axis",
        steps.bundle("steps-rows"),
        steps=steps.pushed("steps-rows"),
    ),
    Case(
        "steps-sound.edge",
        ACCEPTED,
        "streams a sound in steps",
        steps.bundle("steps-sound"),
        steps=steps.pushed("steps-sound"),
    ),
    Case(
        "steps-stereo.edge",
        ACCEPTED,
        "streams a sound of two channels in steps",
        steps.bundle("steps-stereo"),
        steps=steps.pushed("steps-stereo"),
    ),
    Case(
        "steps-series.edge",
        ACCEPTED,
        "streams series in steps",
        steps.bundle("steps-series"),
        steps=steps.pushed("steps-series"),
    ),
)
