"""How the next token is chosen: repetition penalty, then greedily or by temperature, top-k and top-p."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.bundle.generation_options import SettledOptions
from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.decoding.stepper import Logits


def choose(logits: Logits, options: SettledOptions, random: np.random.Generator) -> int:
    """Return the next token by penalized logits, float (vocabulary,).

    ``random`` gives one number per token drawn, none where the temperature is 0.
    """
    if options.temperature == 0:
        return int(logits.argmax())  # the lowest token of a tie
    tokens, masses = candidates(logits, options)
    cumulated = masses.cumsum()
    return int(tokens[np.searchsorted(cumulated, random.random() * cumulated[-1], side="right")])


def candidates(logits: Logits, options: SettledOptions) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the tokens that may be drawn, likeliest first and of a tie the lowest, and their probabilities.

    The logits are float (vocabulary,), the largest finite; both results are (kept,), probabilities sum to 1.
    """
    ranked = likeliest(logits, options.top_k)  # Fan et al. 2018, section 5.4
    scores = logits[ranked].astype(np.float64)
    with np.errstate(over="ignore"):  # a temperature near 0 leaves only the likeliest
        masses = np.exp((scores - scores[0]) / options.temperature)
    masses /= masses.sum()
    if options.top_p is not None:  # the nucleus: Holtzman et al. 2020, section 3.1
        count = int(np.searchsorted(masses.cumsum(), options.top_p)) + 1
        ranked, masses = ranked[:count], masses[:count]
    return ranked, masses / masses.sum()


def likeliest(logits: Logits, count: int | None) -> NDArray[np.int64]:
    """Return the places of the largest numbers, the largest first and of a tie the first; None is of all."""
    if count is None or count >= len(logits):
        return np.argsort(-logits, kind="stable")
    least = np.partition(logits, -count)[-count]
    above = np.flatnonzero(logits >= least)  # a tie at the end may bring more than count
    return above[np.argsort(-logits[above], kind="stable")][:count]


def log_softmax(logits: Logits) -> NDArray[np.float64]:
    """Return the log-probabilities of rows of logits (rows, vocabulary), each row's largest finite."""
    shifted = logits - logits.max(axis=-1, keepdims=True)  # (R, V)
    total = np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64)  # (R, 1)
    log_probabilities: NDArray[np.float64] = shifted - np.log(total)
    return log_probabilities


def penalized(scores: Logits, tokens: Tokens, options: SettledOptions) -> Logits:
    """Make tokens that came before less likely, as often as they were (Keskar et al. 2019, section 4.1).

    A negative score is multiplied by the penalty, any other divided by it; 1 changes nothing, and copies
    nothing. Scores are (rows, vocabulary), tokens int64 (rows, length).
    """
    penalty = options.repetition_penalty
    if penalty == 1:
        return scores
    values = np.take_along_axis(scores, tokens, axis=-1)  # (R, T)
    changed = scores.copy()
    np.put_along_axis(changed, tokens, np.where(values < 0, values * penalty, values / penalty), axis=-1)
    return changed
