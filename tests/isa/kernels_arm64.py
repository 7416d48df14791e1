"""The kernels' own tests on arm64 as qemu emulates it: plain, with dot products, and with i8mm.

    python tests/isa/kernels_arm64.py

They are built with Debian's g++-aarch64-linux-gnu. Emulation proves answers, never speed: which products a
layer takes there is chance, and all of them answer alike.
"""

from __future__ import annotations

import subprocess

from emulators import ARM64, CACHE, DEBIAN_ARM64, emulator, unpacked
from programs import kernel_tests

TESTS = ("test_math", "test_int8_layer", "test_attention", "test_embedding")
COMPILER = "aarch64-linux-gnu-g++"
CHOICE = "384 x 96: "  # how the line of a layer begins that was timed by two products


def main() -> None:
    """Run the tests on every CPU.

    Raises:
        RuntimeError: i8mm was not tried where the CPU has it, or was elsewhere.
        subprocess.CalledProcessError: A test fails.
    """
    folder = kernel_tests(
        "arm64",
        "-DCMAKE_SYSTEM_NAME=Linux",
        "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
        f"-DCMAKE_CXX_COMPILER={COMPILER}",
    )
    root = unpacked(CACHE / "arm64", DEBIAN_ARM64, "arm64")
    if not (root / "lib").exists():
        (root / "lib").symlink_to("usr/lib")  # where the loader is looked for
    for cpu in ARM64:
        command = [emulator("aarch64", CACHE), "-L", str(root), "-cpu", cpu]
        said = "".join(
            subprocess.run([*command, folder / test], check=True, stdout=subprocess.PIPE, text=True).stdout
            for test in TESTS
        )
        print(f"== {cpu}\n{said}", flush=True)
        if (CHOICE in said) != (cpu in {"neoverse-n2", "max"}):
            raise RuntimeError(f"{cpu}: choices expected where the CPU has i8mm alone; found\n{said}")


if __name__ == "__main__":
    main()
