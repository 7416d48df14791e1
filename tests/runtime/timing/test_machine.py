from __future__ import annotations

import json
import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import parse
from edgeattn_runtime.timing import machine
from edgeattn_runtime.timing.machine import INSTRUCTION_SETS, Machine

EPYC = Machine(
    cpu="AMD EPYC 7R13 Processor",
    instruction_sets=("avx2",),
    cores=2,
    memory_mb=24_201,
    system="Linux 6.1.0-18-amd64",
    versions={"python": "3.11.7", "onnxruntime": "1.30.0", "numpy": "2.1.0"},
)

X86 = "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i7-1270P CPU @ 2.20GHz\nflags\t\t: fpu avx2 avx_vnni\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\nCPU implementer\t: 0x41\n\nHardware\t: Tensor G3\n"


def test_it_reads_as_a_line() -> None:
    assert str(EPYC) == "AMD EPYC 7R13 (avx2), 2 cores, 24 GB, Linux 6.1"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"cpu": "Intel(R) Core(TM) i7-1270P CPU @ 2.20GHz"}, "Intel Core i7-1270P (avx2)"),
        ({"cpu": "AMD EPYC 9R14 96-Core Processor"}, "AMD EPYC 9R14 (avx2)"),
        ({"instruction_sets": ()}, "AMD EPYC 7R13, 2 cores"),
        ({"memory_mb": None, "cores": 1}, "1 core, Linux 6.1"),
        ({"system": "macOS 15.1.1"}, "macOS 15.1"),
        ({"system": "Windows 11"}, "Windows 11"),
        ({"system": "haiku"}, "haiku"),
    ],
)
def test_a_line_is_short(change: dict[str, object], line: str) -> None:
    assert line in str(replace(EPYC, **change))  # type: ignore[arg-type]


def test_json_gives_it_back() -> None:
    assert Machine.from_field(parse(json.dumps(EPYC.to_table()))) == EPYC
    with pytest.raises(BundleError, match="cores"):
        Machine.from_field(parse(json.dumps({**EPYC.to_table(), "cores": 0})))


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS tells it otherwise")
@pytest.mark.parametrize(
    ("cpuinfo", "cpu", "sets"),
    [
        (X86, "Intel(R) Core(TM) i7-1270P CPU @ 2.20GHz", ("avx2", "avx_vnni")),
        (ARM, "Tensor G3", ("asimd", "asimddp", "i8mm")),
        ("", platform.processor() or platform.machine(), ()),
    ],
)
def test_linux_and_android_tell_it_in_proc(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cpuinfo: str, cpu: str, sets: tuple[str, ...]
) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(machine, "BOARD", tmp_path / "model")
    here = Machine.here()
    assert (here.cpu, here.instruction_sets) == (cpu, sets)


def test_this_machine() -> None:
    here = Machine.here()
    assert here.cores >= 1
    assert set(here.instruction_sets) <= set(INSTRUCTION_SETS)
    assert here.versions.keys() == {"python", "onnxruntime", "numpy"}
    assert Machine.from_field(parse(json.dumps(here.to_table()))) == here
