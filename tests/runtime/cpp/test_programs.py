"""The program edgeattn-run, the C API, and an app that finds the installed package."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from edgeattn.results.device import read_result
from edgeattn_runtime import __version__, generate, load
from edgeattn_runtime.bundle.folder import open_bundle

Run = Callable[..., subprocess.CompletedProcess[str]]
CPP = Path(__file__).parents[3] / "runtime" / "cpp"
CONFORMANCE = CPP.parent / "conformance" / "build"
GOOD = CONFORMANCE / "good.edge"


def test_run_answers_as_python_does(run: Run, gcc: Path, tmp_path: Path) -> None:
    inputs = {"tokens": np.array([[1, 12, 10]]), "mask": np.ones((1, 3), np.float32)}
    save_file(inputs, tmp_path / "x.safetensors")
    run(
        gcc / "edgeattn-run",
        "run",
        GOOD,
        "--input",
        tmp_path / "x.safetensors",
        "-o",
        tmp_path / "deep" / "y.safetensors",
    )
    outputs = load_file(tmp_path / "deep" / "y.safetensors")
    np.testing.assert_array_equal(outputs["embedding"], load(GOOD)(**inputs)["embedding"])


def test_the_version_is_that_of_the_header(run: Run, gcc: Path) -> None:
    assert run(gcc / "edgeattn-run", "--version").stdout == f"edgeattn-run {__version__}\n"


@pytest.mark.parametrize("key", ["mask", "types"])
def test_an_input_takes_one_kind_of_numbers(
    run: Run, gcc: Path, edited: Callable[[str, Callable[[Any], object]], Path], key: str
) -> None:
    def repeat(manifest: Any) -> None:
        text = manifest["processing"]["text"]
        text[key] = text["ids"]

    refused = run(gcc / "edgeattn-run", "describe", edited("unigram", repeat), code=2).stderr
    assert f"processing.text.{key}: " in refused
    assert "another input than ids" in refused


@pytest.mark.parametrize(
    ("metadata", "code"), [({"a": "b"}, 0), (None, 0), ({"a": 1}, 2), ([], 2), ("text", 2)]
)
def test_metadata_is_texts_alone(run: Run, gcc: Path, tmp_path: Path, metadata: object, code: int) -> None:
    """As by the library in Python."""
    save_file({"tokens": np.array([[1, 12, 10]]), "mask": np.ones((1, 3), np.float32)}, tmp_path / "x")
    content = (tmp_path / "x").read_bytes()
    size = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps({**json.loads(content[8:size]), "__metadata__": metadata}).encode()
    (tmp_path / "x").write_bytes(len(header).to_bytes(8, "little") + header + content[size:])
    if code:
        with pytest.raises(SafetensorError):
            load_file(tmp_path / "x")
    else:
        load_file(tmp_path / "x")
    run(gcc / "edgeattn-run", "run", GOOD, "--input", tmp_path / "x", "-o", tmp_path / "y", code=code)


def test_a_file_that_is_no_safetensors_is_told_in_one_line(run: Run, gcc: Path, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_text("nothing of the kind", "utf-8")
    result = run(
        gcc / "edgeattn-run", "run", GOOD, "--input", tmp_path / "x.safetensors", "-o", tmp_path / "y", code=2
    )
    assert result.stderr.startswith("edgeattn-run: ")
    assert result.stderr.count("\n") == 1
    assert "no safetensors file" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check"], "bundle"),
        (["prove", GOOD], "prove: "),
        (["check", GOOD, "--threads", "two"], "'two' "),
        (["check", GOOD, "--target", "tpu"], "'tpu'"),
        (["generate", GOOD, "--tokens", "1"], "'generation'"),
        (["check", "nothing.edge"], "nothing.edge: "),
    ],
)
def test_bad_input_is_told_in_one_line(run: Run, gcc: Path, words: list[str | Path], message: str) -> None:
    stderr = run(gcc / "edgeattn-run", *words, code=2).stderr
    assert message in stderr
    assert stderr.count("\n") == 1


def test_what_would_command_a_terminal_is_escaped(run: Run, gcc: Path, tmp_path: Path) -> None:
    bundle = shutil.copytree(GOOD, tmp_path / "good.edge")
    graph = onnx.load(bundle / "model.onnx")
    graph.graph.node[0].op_type = "Turn\x1b[31m\u202eRed"
    onnx.save(graph, bundle / "model.onnx")
    content, manifest = (
        (bundle / "model.onnx").read_bytes(),
        json.loads((bundle / "manifest.json").read_text()),
    )
    manifest["files"]["model.onnx"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (bundle / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    stderr = run(gcc / "edgeattn-run", "check", bundle, code=2).stderr
    assert r"Turn\x1b[31m\u202eRed" in stderr
    assert stderr.count("\n") == 1


def test_a_failed_check_ends_with_1(run: Run, gcc: Path) -> None:
    assert "FAILED" in run(gcc / "edgeattn-run", "check", CONFORMANCE / "golden-wrong.edge", code=1).stdout


def test_generate_prints_the_tokens(run: Run, gcc: Path) -> None:
    bundle = CONFORMANCE / "decoder.edge"
    printed = run(gcc / "edgeattn-run", "generate", bundle, "--tokens", "4,7,1").stdout
    assert [int(line) for line in printed.split()] == list(generate(bundle, [4, 7, 1]))


def test_the_same_seed_draws_the_same_tokens(run: Run, gcc: Path) -> None:
    command = (
        gcc / "edgeattn-run",
        "generate",
        CONFORMANCE / "decoder.edge",
        "--tokens",
        "2",
        "--temperature",
        "5",
    )
    draws = [run(*command, "--seed", seed).stdout for seed in ("1", "1", "2")]
    assert draws[0] == draws[1] != draws[2]
    assert run(*command, "--seed", "1", "--top-k", "1").stdout == run(*command[:-2]).stdout  # the likeliest


def test_bench_prints_what_a_report_takes(run: Run, gcc: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    printed = run(gcc / "edgeattn-run", "bench", GOOD, "--rounds", "3", "--threads", "1,2", "--json").stdout
    result.write_text(printed, "utf-8")
    benchmark = read_result(result, open_bundle(GOOD))
    assert [run.threads for run in benchmark.runs] == [1, 2]
    assert all(golden.ok for golden in benchmark.golden)
    assert benchmark.runs[0].timings[0].latency_ms.count == 3


def test_c_opens_describes_and_checks_a_bundle(run: Run, clang: Path) -> None:
    output = run(clang / "tests" / "edgeattn-c-example", GOOD).stdout
    assert "tiny: tokens: int64[batch, sequence]" in output
    assert "refused: inputs: missing 'mask'" in output
    assert "4 golden outputs, 0 failed" in output


def test_a_text_is_prepared_by_the_bundles_tokenizer(run: Run, gcc: Path, tmp_path: Path) -> None:
    bundle, y = CONFORMANCE / "wordpiece.edge", tmp_path / "y.safetensors"
    text = "She sells sea-shells by the sea shore; isn't that odd?" * 3
    printed = run(gcc / "edgeattn-run", "run", bundle, "--text", text, "-o", y)
    assert printed.stderr == "text: cut at its end to the tokens that the bundle takes\n"
    model = load(bundle)
    with pytest.warns(UserWarning, match="cut at its end"):
        inputs = model.prepare(text=text)
    np.testing.assert_array_equal(load_file(y)["total"], model(**inputs)["total"])
    assert "no valid UTF-8" in run(gcc / "edgeattn-run", "run", bundle, "--text", "a\udcff", code=2).stderr


def test_a_story_is_printed_as_text(run: Run, gcc: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "story.edge"
    run("edgeattn", "export", CPP.parents[1] / "models" / "story" / "model.py", "-o", bundle)
    printed = run(
        gcc / "edgeattn-run", "generate", bundle, "--text", "Once upon", "--max-new-tokens", "20"
    ).stdout
    python = run(
        *("python", "-m", "edgeattn_runtime", "generate", bundle),
        *("--text", "Once upon", "--max-new-tokens", "20"),
    )
    assert printed == python.stdout


def test_texts_and_tokens_in_c(run: Run, clang: Path) -> None:
    lines = run(clang / "tests" / "edgeattn-c-text", CONFORMANCE / "wordpiece.edge").stdout.splitlines()
    model = load(CONFORMANCE / "wordpiece.edge")
    inputs = model.prepare(text=["The quick fox", "a\0b"])
    tokens = inputs["ids"][0].tolist()
    assert lines[0] == f"2 rows: {' '.join(map(str, inputs['ids'].ravel().tolist()))}, 0 cut"
    assert lines[1] == lines[2] == model.decode(tokens)
    assert lines[3:] == [
        "refused: text: no valid UTF-8 found at byte 0, valid Unicode expected; decode it anew",
        "refused: texts: NULL found, a value expected",
        "refused: token ids: -1 found, a decoder's expected",
    ]


def test_an_install_has_the_licences(run: Run, gcc: Path, tmp_path: Path) -> None:
    run("cmake", "--install", gcc, "--prefix", tmp_path)
    for name in ("LICENSE", "NOTICE"):
        installed = tmp_path / "share" / "doc" / "edgeattn" / name
        assert installed.read_bytes() == (CPP.parents[1] / name).read_bytes()


def test_an_app_finds_the_installed_package_and_reads_digits(run: Run, gcc: Path, tmp_path: Path) -> None:
    from PIL import Image

    run(
        "edgeattn",
        "export",
        CPP.parents[1] / "models" / "digits" / "model.py",
        "-o",
        tmp_path / "digits.edge",
    )
    drawn = load_file(CPP.parents[1] / "models" / "digits" / "digits.safetensors")
    images, digits = (255 - 15 * drawn["images"][:20]).astype(np.uint8), drawn["labels"][:20]
    paths = [tmp_path / f"{i}.png" for i in range(len(digits))]
    for image, path in zip(images, paths, strict=True):
        Image.fromarray(image).resize((32, 32), Image.Resampling.NEAREST).save(path)
    printed = run(CPP / "examples" / "run", "digits", tmp_path / "digits.edge", *paths).stdout.splitlines()
    read = [int(line.split(": ")[1][0]) for line in printed]
    assert np.mean(np.array(read) == digits) >= 0.9
