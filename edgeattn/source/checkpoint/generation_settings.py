"""Generation settings: a checkpoint's generation_config.json as a bundle's defaults."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeattn.source.checkpoint.own_files import read_json
from edgeattn_runtime.bundle.generation_options import OPTIONS

DRAWN = {"temperature": 1.0, "top_k": 50}  # which transformers takes where a folder says neither
OWN = {"start", "stop", "top_p", *DRAWN}  # which transformers says in another way
KEPT = tuple(name for name, option in OPTIONS.items() if option["bundled"] and name not in OWN)
NEUTRAL = {name: OPTIONS[name]["otherwise"] for name in KEPT}
MOST_BEAMS = OPTIONS["num_beams"]["kind"].most  # of a bundle
# Of a reader's own, or with no effect on the tokens.
SILENT = {
    *("bos_token_id", "pad_token_id", "transformers_version", "use_cache", "output_scores"),
    *("output_attentions", "output_hidden_states", "return_dict_in_generate", "_from_model_config"),
}
# Of Whisper: what the tokens mean that an answer begins with.
WHISPER = {
    *("lang_to_id", "task_to_id", "language", "task", "is_multilingual", "forced_decoder_ids"),
    *("no_timestamps_token_id", "prev_sot_token_id", "max_initial_timestamp_index", "alignment_heads"),
}
FOLLOWED = {
    *(*KEPT, *DRAWN, "top_p", "do_sample", "eos_token_id", "decoder_start_token_id"),
    *("forced_bos_token_id", "max_length"),
}


def read_settings(folder: Path) -> dict[str, Any]:
    """Return generation_config.json, over what config.json has of the same settings."""
    settings: dict[str, Any] = {}
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            loaded = read_json(folder / name)
            own = name == "generation_config.json"
            settings |= {key: value for key, value in loaded.items() if own or key in FOLLOWED}
    return settings


def generation_of(folder: Path, vocabulary: int, start: Sequence[int] = ()) -> dict[str, Any] | None:
    """Return a bundle's defaults of generation; warn of settings that it does not follow.

    Args:
        folder: Holds generation_config.json, or config.json with the same settings.
        vocabulary: Tokens are below it.
        start: Tokens that the answer of an encoder-decoder begins with.
    """
    settings = read_settings(folder)
    defaults = defaults_of(settings, vocabulary, start)
    others = left_out(settings, defaults)
    if others:
        warnings.warn(f"generation settings that no bundle follows: {', '.join(others)}", stacklevel=2)
    return defaults or None


def defaults_of(settings: Mapping[str, Any], vocabulary: int, start: Sequence[int] = ()) -> dict[str, Any]:
    """Return settings by a bundle's names: docs/generation.md."""
    forced = settings.get("forced_bos_token_id") if len(start) == 1 else None
    first = [*start, *([] if forced is None else [forced])]  # transformers counts what is forced as new
    most, longest = settings.get("max_new_tokens"), settings.get("max_length")
    if most is not None:
        most = max(most - len(first) + len(start), 1)
    elif start and longest is not None:
        most = max(longest - len(first), 1)
    defaults: dict[str, Any] = {
        "start": first,
        "stop": [token for token in _listed(settings.get("eos_token_id")) if 0 <= token < vocabulary],
        **{name: settings.get(name) for name in KEPT},
        "max_new_tokens": most,
    }
    beams = defaults["num_beams"] or 1
    if not 1 <= beams <= MOST_BEAMS:
        defaults["num_beams"] = None
    elif beams == 1 and settings.get("do_sample"):  # else the likeliest token is taken
        defaults |= {name: settings.get(name, usual) for name, usual in DRAWN.items()}
        defaults["top_k"] = defaults["top_k"] or None
        defaults["top_p"] = settings.get("top_p") if settings.get("top_p") != 1 else None
    return {
        name: value
        for name, value in defaults.items()
        if value is not None and value != [] and value != NEUTRAL.get(name)
    }


def left_out(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Return what is asked for beyond a bundle's defaults, such as ``no_repeat_ngram_size``."""
    beyond = {name: value for name, value in settings.items() if name not in FOLLOWED | SILENT | WHISPER}
    if "start" not in defaults:
        beyond |= {name: settings[name] for name in ("max_length", "forced_bos_token_id") if name in settings}
    stops, kept = settings.get("eos_token_id"), defaults.get("stop", [])
    beyond["eos_token_id"] = [token for token in _listed(stops) if token not in kept]
    if "num_beams" not in defaults and settings.get("num_beams", 1) != 1:
        beyond["num_beams"] = settings["num_beams"]
    if "num_beams" in defaults and settings.get("do_sample"):
        beyond["do_sample"] = True
    return [f"{name}={_short(value)}" for name, value in beyond.items() if value]


def _listed(tokens: list[int] | int | None) -> list[int]:
    return tokens if isinstance(tokens, list) else [] if tokens is None else [tokens]


def _short(value: Any) -> str:
    """Return a value, or how many there are of a long list."""
    return f"[{len(value)} of them]" if isinstance(value, list) and value[4:] else str(value)
