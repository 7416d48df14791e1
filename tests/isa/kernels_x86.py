"""The kernels on x86-64 CPUs that Bochs emulates: AVX-512 with VNNI, AVX-VNNI, and AVX-512 alone.

    python tests/isa/kernels_x86.py [CPU ...] [--bundle NAME.edge]

Each CPU runs the kernels' own tests, against doubles. Then the C++ runtime replays a bundle's golden vectors
by kernels and by their functions, and is to take kernels by itself where the CPU has dot products. Emulation
proves answers, never speed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import bochs
from emulators import CACHE, ROOT
from programs import edgeattn_run, kernel_tests

CONFORMANCE = ROOT / "runtime" / "conformance"
DOT_PRODUCTS = " with dot products"
# By Bochs's names of CPUs, the instruction sets whose tests run there: others have their own CPUs.
INSTRUCTION_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tigerlake": ("AVX3_DL" + DOT_PRODUCTS, "AVX3" + DOT_PRODUCTS),
        "arrow_lake": ("AVX2" + DOT_PRODUCTS,),
        "corei7_skylake_x": ("AVX3",),
    }
)
WAY = r"(without )?kernels[: ]"  # what a session says of the way it goes
TESTS = ("test_math", "test_int8_layer", "test_attention", "test_embedding")
CHECKS = """
./edgeattn-run describe bundle.edge
./edgeattn-run check bundle.edge
./edgeattn-run check bundle.edge --no-kernels
EDGEATTN_KERNELS=always ./edgeattn-run check bundle.edge
"""


def main() -> None:
    """Run all on every CPU, and print what each said.

    Raises:
        RuntimeError: A test fails, an answer is wrong, or a session goes another way than expected.
    """
    parser = argparse.ArgumentParser(description="Run the kernels on emulated x86-64 CPUs.")
    parser.add_argument("cpus", nargs="*", metavar="CPU", default=list(INSTRUCTION_SETS))
    parser.add_argument("--bundle", type=Path, default=CONFORMANCE / "build" / "kernels.edge")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where downloads are kept")
    arguments = parser.parse_args()
    unknown = set(arguments.cpus) - set(INSTRUCTION_SETS)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: expected of {', '.join(INSTRUCTION_SETS)}")
    subprocess.run([sys.executable, CONFORMANCE / "make.py"], check=True)
    folder = kernel_tests("tests")
    files = {name: folder / name for name in TESTS}
    files |= {"edgeattn-run": edgeattn_run(kernels=True), "bundle.edge": arguments.bundle}
    for cpu in arguments.cpus:
        said = bochs.run(cpu, _commands(INSTRUCTION_SETS[cpu]), files, arguments.cache)
        print(f"== {cpu}\n{said}", flush=True)
        _expect_ways(cpu, INSTRUCTION_SETS[cpu], said)


def _commands(instruction_sets: tuple[str, ...]) -> list[str]:
    names = " ".join(each.removesuffix(DOT_PRODUCTS) for each in instruction_sets)
    return [f'export EDGEATTN_KERNELS_TESTED="{names}"', *(f"./{test}" for test in TESTS), CHECKS]


def _expect_ways(cpu: str, instruction_sets: tuple[str, ...], said: str) -> None:
    """Raise where the tests were of other instruction sets, or a session took other kernels or none."""
    best = instruction_sets[0]
    kernels, left = f"kernels ({best})", f"without kernels: this CPU has no dot products of int8 ({best})"
    by_itself = kernels if DOT_PRODUCTS in best else left
    expected = [by_itself, by_itself, "without kernels: turned off", kernels]
    found = [re.sub(r"^kernels \S+", "kernels", line) for line in said.splitlines() if re.match(WAY, line)]
    tested = "instruction sets: " + " ".join(instruction_sets)
    if found != expected or tested not in said:
        raise RuntimeError(f"{cpu}: {tested}; {expected} expected, found {found}")


if __name__ == "__main__":
    main()
