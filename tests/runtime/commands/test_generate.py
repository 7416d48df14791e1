"""`python -m edgeattn_runtime generate`: what it prints is what the library's calls give."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from edgeattn_runtime import generate, generate_many, generate_text
from edgeattn_runtime.commands.generate import print_pieces

Command = Callable[..., CompletedProcess[str]]
Refused = Callable[..., str]


def test_generate(conformance: Path, command: Command) -> None:
    decoder = conformance / "decoder.edge"
    tokens = list(map(str, generate(decoder, [1, 2, 3])))
    result = command("generate", decoder, "--tokens", "1,2,3")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == tokens

    result = command("generate", decoder, "--tokens", "1,2,3", "--max-new-tokens", "2", "--threads", "2")
    assert result.stdout.splitlines() == tokens[:2]
    result = command("generate", decoder, "--tokens", "1,2,3", "--stop", f"0,{tokens[4]}")
    assert result.stdout.splitlines() == tokens[: tokens.index(tokens[4])]


def test_generate_draws(conformance: Path, command: Command) -> None:
    decoder = conformance / "decoder.edge"
    settings = {"temperature": 2.0, "top_k": 9, "top_p": 0.9, "seed": 3}
    options = [
        text for name, value in settings.items() for text in (f"--{name.replace('_', '-')}", str(value))
    ]
    result = command("generate", decoder, "--tokens", "1", *options)
    assert result.stdout.split() == list(map(str, generate(decoder, [1], **settings)))  # type: ignore[arg-type]


def test_generate_with_beams(conformance: Path, command: Command) -> None:
    decoder = conformance / "decoder.edge"
    settings = {"num_beams": 3, "num_return_sequences": 2, "length_penalty": 0.5, "early_stopping": "never"}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    prompts = [f"--tokens={tokens}" for tokens in ("1,2,3", "5")]
    stops = ["--stop-sequences=8,8", "--stop-sequences=1,2", "--repetition-penalty=1.5"]
    result = command("generate", decoder, *prompts, *stops, *options)
    answers = generate_many(
        decoder,
        [[1, 2, 3], [5]],
        stop_sequences=[(8, 8), (1, 2)],
        repetition_penalty=1.5,
        **settings,  # type: ignore[arg-type]
    )
    expected = [
        f"{i} {hypothesis.score:.4f} {','.join(map(str, hypothesis.tokens))}"
        for i, row in enumerate(answers)
        for hypothesis in row
    ]
    assert [line.split() for line in result.stdout.splitlines()] == [line.split() for line in expected]


def test_generate_by_the_defaults_of_a_bundle(conformance: Path, command: Command) -> None:
    bundle = conformance / "defaults.edge"
    (best,), *_ = generate_many(bundle, [[4, 7, 1]])
    assert command("generate", bundle, "--tokens", "4,7,1").stdout == f"{','.join(map(str, best.tokens))}\n"
    streamed = command("generate", bundle, "--tokens", "4,7,1", "--num-beams", "1").stdout
    assert streamed.split() == list(map(str, generate(bundle, [4, 7, 1])))
    assert list(best.tokens) != list(generate(bundle, [4, 7, 1]))
    several = command("generate", bundle, "--tokens", "4,7,1", "--tokens", "2").stdout
    assert [line.split()[0] for line in several.splitlines()] == ["0", "1"]


def test_generate_a_text(words: Path, command: Command, refused: Refused) -> None:
    text = "".join(generate_text(words, "w4 w7", max_new_tokens=6))
    options = ("--text", "w4 w7", "--max-new-tokens", "6")
    assert command("generate", words, *options).stdout == f"{text}\n"
    stopped = command("generate", words, *options, "--stop-strings", text[3:7], "--stop-strings", "none")
    assert stopped.stdout == f"{text[: text.index(text[3:7])]}\n"
    assert "stop strings" in refused("generate", words, "--tokens", "1", "--stop-strings", "x")
    assert "stop strings" in refused("generate", words, *options, "--num-beams", "2", "--stop-strings", "x")


def test_generate_from_a_source(conformance: Path, command: Command) -> None:
    bundle = conformance / "encoder-decoder.edge"
    result = command("generate", bundle, "--tokens", "3,1", "--start", "1,2")
    assert result.stdout.split() == list(map(str, generate(bundle, [3, 1], start=[1, 2])))


def test_generate_from_arrays(conformance: Path, tmp_path: Path, command: Command, refused: Refused) -> None:
    bundle, sources = conformance / "sources.edge", tmp_path / "x.npz"
    arrays = {"features": np.ones((1, 2, 6), np.float32), "mask": np.array([[True, False]])}
    np.savez(sources, **arrays)
    result = command("generate", bundle, "--input", sources, "--start", "3")
    assert result.stdout.split() == list(map(str, generate(bundle, arrays, start=[3])))
    assert "float32[batch, frames, 6]" in refused("generate", bundle, "--tokens", "1", "--start", "3")
    assert "not allowed with" in refused("generate", bundle, "--tokens", "1", "--input", sources)
    np.savez(sources, features=arrays["features"])
    assert "'mask'" in refused("generate", bundle, "--input", sources, "--start", "3")


def test_generate_refuses_bad_input(good: Path, conformance: Path, refused: Refused) -> None:
    decoder = conformance / "decoder.edge"
    assert "prompt: token 99" in refused("generate", decoder, "--tokens", "1,99")
    assert "'1,x' " in refused("generate", decoder, "--tokens", "1,x")
    assert "prompt: 17 tokens " in refused("generate", decoder, "--tokens", ",".join("1" * 17))
    assert "top_p: 2.0 " in refused("generate", decoder, "--tokens", "1", "--top-p", "2")
    assert "num_beams: 9 " in refused("generate", decoder, "--tokens", "1", "--num-beams", "9")
    assert "'x' " in refused("generate", decoder, "--tokens=1", "--early-stopping=x")
    assert "prompts[1]: token 99" in refused("generate", decoder, "--tokens", "1", "--tokens", "99")
    assert "start: no token " in refused("generate", conformance / "encoder-decoder.edge", "--tokens", "1")
    assert "'generation'" in refused("generate", good, "--tokens", "1")
    assert "--tokens --text --input is required" in refused("generate", decoder)


PIECES = ("caf\u00e9\t", "\x1b]0;title\x07", "\x9b2J\r\x7f", "\U0001f469\u200d\U0001f52c\n")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("output", "printed"),
    [
        (io.StringIO(newline=""), "".join(PIECES)),
        (_Terminal(newline=""), "caf\u00e9\t\\x1b]0;title\\x07\\x9b2J\\x0d\\x7f\U0001f469\u200d\U0001f52c\n"),
    ],
    ids=["file", "terminal"],
)
def test_a_terminal_is_not_commanded(
    output: io.StringIO, printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", output)
    print_pieces(PIECES)
    assert output.getvalue() == printed
