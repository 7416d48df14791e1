from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_peers import main
from protocol.catalog import find, peers
from protocol.environment import switch_off_telemetry
from protocol.markdown import table
from protocol.neighbors import recall_at_10
from protocol.peer import Array, Batch, Call, Feed, Job, Peer, batches, pooled, read_samples, write_samples
from protocol.process import PeerFailed, Process
from protocol.stored import Failure, Result
from protocol.worker import serve

LENGTHS = (3, 5)


def _sample(length: int) -> Feed:
    tokens = np.arange(1, length + 1)[None]  # (1, S)
    return {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}


def _export(job: Job, folder: Path) -> None:
    for variant in ("once", "thrice"):
        (folder / variant).mkdir()
        (folder / variant / "model").write_bytes(bytes(job.example.padded()["input_ids"].size))


def _load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Load a network whose hidden state is the token itself, at a width of 2."""
    repeats = {"once": 1, "thrice": 3000}[variant.name]

    def bind(batch: Batch) -> Call:
        tokens = batch.padded()["input_ids"]

        def call() -> Array:
            if threads > 1:
                raise ValueError("one thread alone\nand no more")
            return np.repeat(tokens[..., None], 2 * repeats, axis=2)[..., :2]  # (B, S, 2)

        return call

    return bind


ECHO = Peer("echo", "echo", (), _export, _load, fixed=True)


def _answers(*requests: dict[str, object]) -> list[dict[str, object]]:
    answers = io.StringIO()
    serve(ECHO, io.StringIO("".join(json.dumps(request) + "\n" for request in requests)), answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def _requests(folder: Path) -> tuple[dict[str, object], dict[str, object]]:
    """Return the requests to export and to load, for batches of 2 padded to 8 tokens."""
    samples, variants = folder / "samples.npz", folder / "variants"
    write_samples(samples, [_sample(length) for length in LENGTHS])
    variants.mkdir()
    shape = {"batch": 2, "length": 8}
    export = {"do": "export", "weights": "", "handover": "", "calibration": str(samples), **shape}
    paths = [str(variants / name) for name in ("once", "thrice")]
    load = {"do": "load", "variants": paths, "threads": 1, "samples": str(samples), **shape}
    return {**export, "example": str(samples), "folder": str(variants)}, load


def test_a_worker_exports_loads_times_and_answers(tmp_path: Path) -> None:
    export, load = _requests(tmp_path)
    answer = {**load, "do": "answer", "to": str(tmp_path / "answer.npy")}
    exported, loaded, timed, answered = _answers(export, load, {"do": "time", "seconds": 0.0}, answer)
    assert (exported, answered) == ({}, {})
    assert (loaded["variant"], loaded["bytes"]) == ("once", 2 * 8)  # the faster one
    assert len(np.array(timed["ms"])) == 1
    np.testing.assert_array_equal(np.load(tmp_path / "answer.npy"), [[2.0, 2.0], [3.0, 3.0]])  # no padding


def test_a_worker_answers_what_fails_with_its_reason_and_goes_on(tmp_path: Path) -> None:
    export, load = _requests(tmp_path)
    _, failed, again = _answers(export, {**load, "threads": 2}, load)
    assert failed == {"error": "ValueError: one thread alone"}
    assert again["variant"] == "once"


def test_samples_are_read_as_written(tmp_path: Path) -> None:
    written = [_sample(length) for length in range(1, 13)]  # in order, also past nine
    write_samples(tmp_path / "samples.npz", written)
    for found, expected in zip(read_samples(tmp_path / "samples.npz"), written, strict=True):
        np.testing.assert_equal(found, expected)


def test_the_last_batch_is_filled_and_padding_is_no_part_of_an_embedding() -> None:
    (batch,) = batches([_sample(2)], 2, 4)
    assert batch.padded()["attention_mask"].tolist() == [[1, 1, 0, 0]] * 2
    hidden = np.array([[[1.0], [3.0], [9.0], [9.0]]] * 2)  # (2, 4, 1)
    assert pooled(hidden, batch).tolist() == [[2.0], [2.0]]


def test_a_worker_that_dies_is_a_failed_peer(tmp_path: Path) -> None:
    nobody = Peer("nobody", "nobody", (), _export, _load)
    with (
        Process(nobody, Path(sys.executable), threads=1, log=tmp_path / "log.txt") as worker,
        pytest.raises(PeerFailed, match=r"load: .* 1; .*log\.txt"),
    ):
        worker.ask("load", limit=60)
    assert "No module named 'peers.nobody'" in (tmp_path / "log.txt").read_text()


def test_the_table_gives_the_ratio_to_ours_and_a_reason_where_there_is_no_figure() -> None:
    ours = Result(
        "ours",
        "int8",
        {"int8": 0.0},
        None,
        ((2.0, 1.0, 3.0), (2.0,)),
        1_500_000,
        (1.0, 0.5),
        recall_at_10=0.9667,
    )
    outcomes: list[Result | Failure] = [
        ours,
        Result("theirs", "O2", {"O0": 3.5, "O2": 3.0}, 128, ((3.0,), (5.0,), (4.0,)), 2_000_000, ()),
        replace(ours, peer="ours-otherwise", rounds=((1.0,),)),
        Failure("broken", "load: KeyError: a|b"),
    ]
    lines = table("t", outcomes, "ours").splitlines()
    assert lines[-1] == "ours takes 0.50 of the time of theirs, the best peer."
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[:-2]]
    assert rows[4:] == [
        ["ours", "int8", "2", "1.3 to 2.7", "1.00", "0.75000", "0.50000", "96.7 %", "1.5"],
        ["theirs", "O2, fixed to 128 tokens (O0 3.5)", "4", "3.2 to 4.8", "2.00", "", "", "", "2.0"],
        ["ours-otherwise", "int8", "1", "1 to 1", "0.50", "0.75000", "0.50000", "96.7 %", "1.5"],
        ["broken", "load: KeyError: a/b", "", "", "", "", "", "", ""],
    ]


def test_a_peer_finds_again_what_is_nearest_among_so_many_texts() -> None:
    reference, others = np.random.default_rng(0).standard_normal((2, 240, 16)).astype(np.float32)
    assert recall_at_10(reference, reference, among=120) == 1
    assert recall_at_10(others, reference, among=120) < 0.2
    mixed = np.concatenate([reference[:120], others[120:]])
    assert 0.5 <= recall_at_10(mixed, reference, among=120) < 0.7


def test_every_peer_is_found_by_its_file_and_name() -> None:
    assert next(iter(peers())) == "edgeattn"
    assert all(find(peer.module, name) == peer for name, peer in peers().items())


@pytest.mark.parametrize("arguments", [["nothing"], ["--case", "nothing"], ["--threads", "0"]])
def test_bad_input_is_told_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("bench_peers: ")
    assert told.count("\n") == 1


def test_telemetry_of_what_is_installed_is_switched_off(tmp_path: Path) -> None:
    switch_off_telemetry(tmp_path)  # where nothing sends anything, there is no consent to take back
    (tmp_path / "bin").mkdir()
    consent = tmp_path / "bin" / "opt_in_out"
    consent.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    consent.chmod(0o755)
    switch_off_telemetry(tmp_path)
    assert (tmp_path / "asked").read_text() == "--opt_out\n"
