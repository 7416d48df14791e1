"""The command line, as a person at a shell meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime import __main__, command_line, generate, generate_many, generate_text, load
from edgeattn_runtime.machine import Machine

TOKENS = np.array([[1, 2, 3]])
MASK = np.ones((1, 3), np.float32)


def _command(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgeattn_runtime", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
    )


def _bad_input(reason: str, *args: str | Path) -> None:
    result = _command(*args)
    assert result.returncode == 2
    assert result.stdout == ""
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    np.savez(tmp_path / "x.npz", tokens=TOKENS, mask=MASK)
    return tmp_path / "x.npz"


def test_run(good: Path, inputs: Path, tmp_path: Path) -> None:
    result = _command("run", good, "--input", inputs, "-o", tmp_path / "y.npz")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    expected = load(good)(tokens=TOKENS, mask=MASK)["embedding"]
    with np.load(tmp_path / "y.npz") as outputs:
        assert list(outputs) == ["embedding"]
        np.testing.assert_array_equal(outputs["embedding"], expected, strict=True)


def test_run_refuses_bad_input(good: Path, inputs: Path, tmp_path: Path) -> None:
    output = tmp_path / "y.npz"
    output.write_text("old")

    np.savez(tmp_path / "names.npz", ids=TOKENS)
    _bad_input("'ids'", "run", good, "--input", tmp_path / "names.npz", "-o", output)
    np.savez(tmp_path / "objects.npz", tokens=np.array([{}]), mask=MASK)
    _bad_input("objects.npz: ", "run", good, "--input", tmp_path / "objects.npz", "-o", output)
    (tmp_path / "text.npz").write_text("text")
    _bad_input("text.npz: ", "run", good, "--input", tmp_path / "text.npz", "-o", output)
    _bad_input("none.npz: ", "run", good, "--input", tmp_path / "none.npz", "-o", output)
    _bad_input(str(output), "run", good, "--input", inputs, "-o", output / "y.npz")
    _bad_input("Is a directory", "run", good, "--input", inputs, "-o", tmp_path / "good.edge")
    _bad_input("0 threads", "run", good, "--input", inputs, "-o", output, "--threads", "0")
    assert output.read_text() == "old"


def test_check(good: Path, conformance: Path) -> None:
    result = _command("check", good)
    assert (result.returncode, result.stderr) == (0, "")
    machine, head, *rows = result.stdout.splitlines()
    assert machine == str(Machine.here())
    assert head.split() == ["sample", "output", "cosine", "max|d|"]
    assert [row.split()[-1] for row in rows] == ["ok"] * 4

    result = _command("check", conformance / "golden-wrong.edge")
    assert result.returncode == 1
    assert [row.split()[-1] for row in result.stdout.splitlines()[2:]] == ["ok"] * 3 + ["FAILED"]
    assert "golden-wrong.edge: 1 of 4" in result.stderr


def test_check_says_what_the_bundle_says(conformance: Path) -> None:
    assert "tokenizer.json" in _command("check", conformance / "processed.edge").stdout
    manifest = load(conformance / "signed.edge").manifest
    assert manifest.signature is not None
    assert manifest.signature.key in _command("check", conformance / "signed.edge").stdout


def test_check_json(conformance: Path) -> None:
    result = _command("check", conformance / "golden-wrong.edge", "--json")
    assert result.returncode == 1
    table = json.loads(result.stdout)
    assert table["machine"] == json.loads(json.dumps(Machine.here().to_table()))
    assert [line["ok"] for line in table["results"]] == [True] * 3 + [False]


@pytest.mark.parametrize("command", ["check", "bench"])
def test_broken_bundles_are_told_in_one_line(conformance: Path, command: str) -> None:
    _bad_input("(truncated?)", command, conformance / "file-truncated.edge")
    _bad_input("onnxruntime 99.0", command, conformance / "engine-99.edge")
    _bad_input("nothing found", command, conformance / "none.edge")


def test_bench(good: Path) -> None:
    result = _command("bench", good, "--rounds", "3", "--threads", "1,2")
    assert (result.returncode, result.stderr) == (0, "")
    first, golden, machine, head, *lines = result.stdout.splitlines()
    rows = lines[: 2 * 4]  # behind them: what disturbed, where something did
    assert first.startswith("tiny for cpu: ")
    assert "cosine" in golden
    assert machine == str(Machine.here())
    assert head.split() == ["threads", "sample", "p50", "ms", "p90", "ms", "p99", "ms", "calls", "shape"]
    assert rows[0].split()[5:] == ["3", "batch=1", "sequence=5"]
    assert [row.split()[0] for row in rows] == ["1"] * 4 + ["2"] * 4


def test_bench_json(good: Path) -> None:
    result = _command("bench", good, "--rounds", "2", "--threads", "2", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    benchmark = json.loads(result.stdout)
    assert (benchmark["schema"], benchmark["model"], benchmark["target"]) == (1, "tiny", "cpu")
    assert benchmark["machine"]["cpu"] == Machine.here().cpu
    assert benchmark["graphs"].keys() == {"model.onnx"}
    assert [result["ok"] for result in benchmark["golden"]] == [True] * 4
    (run,) = benchmark["runs"]
    assert run["threads"] == 2
    assert run["timings"][3]["shape"] == {"batch": 2, "sequence": 8}
    assert run["timings"][3]["latency_ms"].keys() >= {"p50", "p90", "p99", "count", "quantiles"}


@pytest.mark.parametrize("threads", ["", "two", "1,", "1,1"])
def test_bench_refuses_other_threads(good: Path, threads: str) -> None:
    result = _command("bench", good, "--threads", threads)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--threads" in result.stderr


def test_generate(conformance: Path) -> None:
    decoder = conformance / "decoder.edge"
    tokens = list(map(str, generate(decoder, [1, 2, 3])))
    result = _command("generate", decoder, "--tokens", "1,2,3")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == tokens

    result = _command("generate", decoder, "--tokens", "1,2,3", "--max-new-tokens", "2", "--threads", "2")
    assert result.stdout.splitlines() == tokens[:2]
    result = _command("generate", decoder, "--tokens", "1,2,3", "--stop", f"0,{tokens[4]}")
    assert result.stdout.splitlines() == tokens[: tokens.index(tokens[4])]


def test_generate_draws(conformance: Path) -> None:
    decoder = conformance / "decoder.edge"
    settings = {"temperature": 2.0, "top_k": 9, "top_p": 0.9, "seed": 3}
    options = [
        text for name, value in settings.items() for text in (f"--{name.replace('_', '-')}", str(value))
    ]
    result = _command("generate", decoder, "--tokens", "1", *options)
    assert result.stdout.split() == list(map(str, generate(decoder, [1], **settings)))  # type: ignore[arg-type]


def test_generate_with_beams(conformance: Path) -> None:
    decoder = conformance / "decoder.edge"
    settings = {"num_beams": 3, "num_return_sequences": 2, "length_penalty": 0.5, "early_stopping": "never"}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    prompts = [f"--tokens={tokens}" for tokens in ("1,2,3", "5")]
    stops = ["--stop-sequences=8,8", "--stop-sequences=1,2", "--repetition-penalty=1.5"]
    result = _command("generate", decoder, *prompts, *stops, *options)
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


def test_generate_a_text(words: Path) -> None:
    text = "".join(generate_text(words, "w4 w7", max_new_tokens=6))
    options = ("--text", "w4 w7", "--max-new-tokens", "6")
    assert _command("generate", words, *options).stdout == f"{text}\n"
    stopped = _command("generate", words, *options, "--stop-strings", text[3:7], "--stop-strings", "none")
    assert stopped.stdout == f"{text[: text.index(text[3:7])]}\n"
    _bad_input("stop strings", "generate", words, "--tokens", "1", "--stop-strings", "x")
    _bad_input("stop strings", "generate", words, *options, "--num-beams", "2", "--stop-strings", "x")


def test_generate_from_a_source(conformance: Path) -> None:
    bundle = conformance / "encoder-decoder.edge"
    result = _command("generate", bundle, "--tokens", "3,1", "--start", "1,2")
    assert result.stdout.split() == list(map(str, generate(bundle, [3, 1], start=[1, 2])))


def test_generate_from_arrays(conformance: Path, tmp_path: Path) -> None:
    bundle, sources = conformance / "sources.edge", tmp_path / "x.npz"
    arrays = {"features": np.ones((1, 2, 6), np.float32), "mask": np.array([[True, False]])}
    np.savez(sources, **arrays)
    result = _command("generate", bundle, "--input", sources, "--start", "3")
    assert result.stdout.split() == list(map(str, generate(bundle, arrays, start=[3])))
    _bad_input("float32[batch, frames, 6]", "generate", bundle, "--tokens", "1", "--start", "3")
    _bad_input("not allowed with", "generate", bundle, "--tokens", "1", "--input", sources)
    np.savez(sources, features=arrays["features"])
    _bad_input("'mask'", "generate", bundle, "--input", sources, "--start", "3")


def test_generate_refuses_bad_input(good: Path, conformance: Path) -> None:
    decoder = conformance / "decoder.edge"
    _bad_input("prompt: token 99", "generate", decoder, "--tokens", "1,99")
    _bad_input("'1,x' ", "generate", decoder, "--tokens", "1,x")
    _bad_input("prompt: 17 tokens ", "generate", decoder, "--tokens", ",".join("1" * 17))
    _bad_input("top_p: 2.0 ", "generate", decoder, "--tokens", "1", "--top-p", "2")
    _bad_input("num_beams: 9 ", "generate", decoder, "--tokens", "1", "--num-beams", "9")
    _bad_input("'x' ", "generate", decoder, "--tokens=1", "--early-stopping=x")
    _bad_input("prompts[1]: token 99", "generate", decoder, "--tokens", "1", "--tokens", "99")
    _bad_input("start: no token ", "generate", conformance / "encoder-decoder.edge", "--tokens", "1")
    _bad_input("'generation'", "generate", good, "--tokens", "1")
    _bad_input("--tokens --text --input is required", "generate", decoder)


def test_a_target_is_taken_by_its_name(conformance: Path) -> None:
    bundle = conformance / "preferred.edge"
    assert _command("check", bundle, "--target", "cpu").returncode == 0
    _bad_input("gpu needs UnheardOfExecutionProvider", "check", bundle, "--target", "gpu")


def test_usage_errors_are_one_line() -> None:
    _bad_input("required: run|check|bench|generate")
    _bad_input("invalid choice: 'fly'", "fly")
    _bad_input("--input", "run", "x.edge")
    _bad_input("invalid int value: 'many'", "bench", "x.edge", "--rounds", "many")


def test_help_names_every_command() -> None:
    result = _command("--help")
    assert result.returncode == 0
    for command in ("run", "check", "bench", "generate"):
        assert f"\n    {command} " in result.stdout


def test_interrupt(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "check", interrupted)
    assert __main__.main(["check", str(good)]) == 130


INTERRUPTED = """
import os, runpy, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv = ["edgeattn_runtime", "check", {bundle!r}]
runpy.run_module("edgeattn_runtime", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize(
    "module",
    ["argparse", "numpy", "numpy.linalg", "onnxruntime.capi.onnxruntime_pybind11_state", "safetensors"],
)
def test_interrupt_amid_the_imports(good: Path, module: str) -> None:
    code = INTERRUPTED.format(module=module, bundle=str(good))
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
@pytest.mark.parametrize("command", [("check", "good.edge"), ("generate", "decoder.edge", "--tokens=1")])
def test_a_reader_that_leaves_ends_it_quietly(conformance: Path, command: tuple[str, ...]) -> None:
    verb, bundle, *options = command
    reader, writer = os.pipe()
    os.close(reader)
    arguments = [sys.executable, "-m", "edgeattn_runtime", verb, str(conformance / bundle), *options]
    result = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (-signal.SIGPIPE, "")


@pytest.mark.skipif(os.name == "nt", reason="asks a shell")
def test_output_that_is_closed(good: Path) -> None:
    program = [sys.executable, "-m", "edgeattn_runtime", "check", str(good)]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *program]
    result = subprocess.run(closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_characters_that_the_output_lacks_are_escaped(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    result = _command("bench", good, "--rounds", "100")
    assert (result.returncode, result.stderr) == (0, "")
    assert r"\xb1" in result.stdout  # of ±1 %


def test_a_folder_one_may_not_read(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(good))

    monkeypatch.setattr(command_line, "check", forbidden)
    assert __main__.main(["check", str(good)]) == 2
    assert "Permission denied" in capsys.readouterr().err
