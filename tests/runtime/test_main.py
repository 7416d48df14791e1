"""The command line: each exit code once as a process ends with it, all else in this process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime import __main__, command_line, generate, generate_many, generate_text, load
from edgeattn_runtime.machine import Machine

Done = subprocess.CompletedProcess[str]
Command = Callable[..., Done]
Refused = Callable[..., str]

TOKENS = np.array([[1, 2, 3]])
MASK = np.ones((1, 3), np.float32)


def _process(*args: str | Path) -> Done:
    command = [sys.executable, "-m", "edgeattn_runtime", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    np.savez(tmp_path / "x.npz", tokens=TOKENS, mask=MASK)
    return tmp_path / "x.npz"


def test_run(good: Path, inputs: Path, tmp_path: Path) -> None:
    result = _process("run", good, "--input", inputs, "-o", tmp_path / "y.npz")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    expected = load(good)(tokens=TOKENS, mask=MASK)["embedding"]
    with np.load(tmp_path / "y.npz") as outputs:
        assert list(outputs) == ["embedding"]
        np.testing.assert_array_equal(outputs["embedding"], expected, strict=True)


def test_run_refuses_bad_input(good: Path, inputs: Path, tmp_path: Path, refused: Refused) -> None:
    output = tmp_path / "y.npz"
    output.write_text("old")

    np.savez(tmp_path / "names.npz", ids=TOKENS)
    assert "'ids'" in refused("run", good, "--input", tmp_path / "names.npz", "-o", output)
    np.savez(tmp_path / "objects.npz", tokens=np.array([{}]), mask=MASK)
    assert "objects.npz: " in refused("run", good, "--input", tmp_path / "objects.npz", "-o", output)
    (tmp_path / "text.npz").write_text("text")
    assert "text.npz: " in refused("run", good, "--input", tmp_path / "text.npz", "-o", output)
    assert "none.npz: " in refused("run", good, "--input", tmp_path / "none.npz", "-o", output)
    assert str(output) in refused("run", good, "--input", inputs, "-o", output / "y.npz")
    assert "Is a directory" in refused("run", good, "--input", inputs, "-o", tmp_path / "good.edge")
    assert "0 threads" in refused("run", good, "--input", inputs, "-o", output, "--threads", "0")
    assert output.read_text() == "old"


def test_check(good: Path, conformance: Path, command: Command) -> None:
    result = command("check", good)
    assert (result.returncode, result.stderr) == (0, "")
    machine, head, *rows = result.stdout.splitlines()
    assert machine == str(Machine.here())
    assert head.split() == ["sample", "output", "cosine", "max|d|"]
    assert [row.split()[-1] for row in rows] == ["ok"] * 4

    result = _process("check", conformance / "golden-wrong.edge")
    assert result.returncode == 1
    assert [row.split()[-1] for row in result.stdout.splitlines()[2:]] == ["ok"] * 3 + ["FAILED"]
    assert "golden-wrong.edge: 1 of 4" in result.stderr


def test_check_says_what_the_bundle_says(conformance: Path, command: Command) -> None:
    assert "tokenizer.json" in command("check", conformance / "processed.edge").stdout
    manifest = load(conformance / "signed.edge").manifest
    assert manifest.signature is not None
    assert manifest.signature.key in command("check", conformance / "signed.edge").stdout


def test_check_json(conformance: Path, command: Command) -> None:
    result = command("check", conformance / "golden-wrong.edge", "--json")
    assert result.returncode == 1
    table = json.loads(result.stdout)
    assert table["machine"] == json.loads(json.dumps(Machine.here().to_table()))
    assert [line["ok"] for line in table["results"]] == [True] * 3 + [False]


@pytest.mark.parametrize("verb", ["check", "bench"])
def test_broken_bundles_are_told_in_one_line(conformance: Path, verb: str, refused: Refused) -> None:
    assert "(truncated?)" in refused(verb, conformance / "file-truncated.edge")
    assert "onnxruntime 99.0" in refused(verb, conformance / "engine-99.edge")
    assert "nothing found" in refused(verb, conformance / "none.edge")


def test_a_refusal_ends_the_process(conformance: Path) -> None:
    result = _process("check", conformance / "none.edge")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_bench(good: Path, command: Command) -> None:
    result = command("bench", good, "--rounds", "3", "--threads", "1,2")
    assert (result.returncode, result.stderr) == (0, "")
    first, golden, machine, head, *lines = result.stdout.splitlines()
    rows = lines[: 2 * 4]  # behind them: what disturbed, where something did
    assert first.startswith("tiny for cpu: ")
    assert "cosine" in golden
    assert machine == str(Machine.here())
    assert head.split() == ["threads", "sample", "p50", "ms", "p90", "ms", "p99", "ms", "calls", "shape"]
    assert rows[0].split()[5:] == ["3", "batch=1", "sequence=5"]
    assert [row.split()[0] for row in rows] == ["1"] * 4 + ["2"] * 4


def test_bench_json(good: Path, command: Command) -> None:
    result = command("bench", good, "--rounds", "2", "--threads", "2", "--json")
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
def test_bench_refuses_other_threads(good: Path, threads: str, command: Command) -> None:
    result = command("bench", good, "--threads", threads)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--threads" in result.stderr


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


def test_a_target_is_taken_by_its_name(conformance: Path, command: Command, refused: Refused) -> None:
    bundle = conformance / "preferred.edge"
    assert command("check", bundle, "--target", "cpu").returncode == 0
    assert "gpu needs UnheardOfExecutionProvider" in refused("check", bundle, "--target", "gpu")


def test_usage_errors_are_one_line(refused: Refused) -> None:
    assert "required: run|check|bench|generate" in refused()
    assert "invalid choice: 'fly'" in refused("fly")
    assert "--input" in refused("run", "x.edge")
    assert "invalid int value: 'many'" in refused("bench", "x.edge", "--rounds", "many")


def test_help_names_every_command(command: Command) -> None:
    result = command("--help")
    assert result.returncode == 0
    for verb in ("run", "check", "bench", "generate"):
        assert f"\n    {verb} " in result.stdout


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
    result = _process("bench", good, "--rounds", "100")
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
