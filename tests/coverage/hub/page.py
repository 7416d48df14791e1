"""The table of a run: the outcome of every family, a line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from hub.outcome import Family, Fate, Outcome

COLUMNS = (
    "library",
    "family",
    "inputs",
    "outcome",
    "attention",
    "float error",
    "int8 cosine",
    "cache",
    "reason",
)
EXPORTED: tuple[Fate, ...] = ("passing", "inexact", "refused", "crashed")
LONGEST = 200  # letters of a reason

HEAD = """\
# Families of models, and what becomes of them

{summary}

One configuration of every file of timm's models and of every model type of transformers' `AutoModel`, small
and random, exported to int8 in a separate process, with {seconds} s of CPU time and {memory} GB at most.
Made by `make coverage-hub` with {versions}.

- **inputs**: which of its forward's inputs it is given; some models of images and text get only the text
- **outcome**: passing, where the float graph differs from PyTorch by at most {error} of the output's largest
  number, over the samples and sizes that no sample has, and the int8 graph's cosine to it is at least
  {cosine} on evaluation samples, on which a random model hardly varies; inexact, where one of both fails;
  refused, with one line; crashed, with anything else
- **int8 cosine**: of all layers in plain int8; where that is not exact enough, *searched*: of the recipe that
  the search of an export chooses without a budget
- **attention**: Attention operators in the graph, of the attentions that PyTorch computes in one call. Each
  of packed frames counts, even if the graph has one for all; one without a reader counts only in PyTorch
- **cache**: whether a decoder got a key-value cache

| {columns} |
|{rule}
"""


def render(outcomes: Iterable[Outcome], left: Sequence[Family] = (), **facts: object) -> str:
    """Return the page; ``left`` are the families that a run which was stopped has not come to."""
    ordered = sorted(outcomes, key=lambda outcome: (outcome.family.library, outcome.family.name.lower()))
    exported = [outcome for outcome in ordered if outcome.fate in EXPORTED]
    head = HEAD.format(
        summary=f"{summary(ordered)}{_so_far(left)}",
        columns=" | ".join(COLUMNS),
        rule=" --- |" * len(COLUMNS),
        **facts,
    )
    return head + "".join(map(_line, exported)) + _not_built(ordered) + _without(ordered) + _left(left)


def _so_far(left: Sequence[Family]) -> str:
    return f" {len(left)} families are not run yet; they are named at the end." if left else ""


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return the counts in one sentence."""
    counts = Counter(outcome.fate for outcome in outcomes)
    total = sum(counts[fate] for fate in EXPORTED)
    whole = sum(outcome.is_whole for outcome in outcomes)
    share = counts["passing"] / total if total else 0
    told = ", ".join(f"{counts[fate]} {fate}" for fate in EXPORTED)
    return (
        f"**{total} families with attention: {told}; {share:.0%} pass, and in {whole} every attention is "
        f"whole.** {counts['not built']} more were not built, {counts['no attention']} have no attention."
    )


def _line(outcome: Outcome) -> str:
    return _row(
        outcome.family.library,
        outcome.family.name,
        ", ".join(outcome.inputs),
        outcome.fate,
        f"{outcome.whole} of {outcome.attentions}",
        "" if outcome.error is None else f"{outcome.error:.0e}",
        _cosine(outcome),
        outcome.cache if outcome.cache in ("", "yes") else "refused",
        _short(outcome.reason),
    )


def _cosine(outcome: Outcome) -> str:
    if outcome.cosine is None:
        return ""
    return f"{outcome.cosine:.4f}{', searched' if outcome.searched else ''}"


def _not_built(outcomes: Sequence[Outcome]) -> str:
    rows = [outcome for outcome in outcomes if outcome.fate == "not built"]
    lines = (_row(str(outcome.family), _short(outcome.reason)) for outcome in rows)
    title = "\n## Not built\n\nNo way that is tried builds and calls these in PyTorch.\n\n"
    return f"{title}| family | reason |\n| --- | --- |\n{''.join(lines)}" if rows else ""


def _without(outcomes: Sequence[Outcome]) -> str:
    named = [str(outcome.family) for outcome in outcomes if outcome.fate == "no attention"]
    return f"\n## Without attention\n\n{', '.join(named)}\n" if named else ""


def _left(families: Sequence[Family]) -> str:
    named = ", ".join(map(str, families))
    return f"\n## Not run yet\n\n{len(families)} families: {named}\n" if families else ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _short(reason: str) -> str:
    line = " ".join(reason.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
