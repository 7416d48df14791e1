"""The first commands of README.md, typed by a newcomer: ``python tests/install/debian.py bookworm trixie``.

For each release debootstrap makes a bare Debian, whose ordinary user copies them out of the page into one
shell, in a checkout whose path has a space. It wants root, debootstrap, Debian's mirror, PyPI, 12 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "documents"))

from commands import commands  # noqa: E402 - of tests/documents
from reader import check_out  # noqa: E402

FIRST = "## In Python"  # the heading that ends what a newcomer types first
PACKAGES = ("python3", "python3-venv")  # what README.md says is needed first
NEWCOMER = 1000
ENTER = """
mount -t proc proc "$0/proc" || exit
mount --rbind /dev "$0/dev" || exit
cp --dereference /etc/resolv.conf "$0/etc" || exit
exec chroot "$0" "$@"
"""


class Debian:
    """A bare system in a folder, which is removed with this object's context.

    Args:
        release: Of Debian, such as "trixie".
        place: The folder that it is made in.
    """

    def __init__(self, release: str, place: Path) -> None:
        self._root = place / release
        made = ["debootstrap", "--variant=minbase", release, str(self._root)]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        self._environment = {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        if "PIP_CERT" in os.environ:  # where a proxy's certificate is needed
            shutil.copy(os.environ["PIP_CERT"], self._root / "etc" / "pip.pem")
            self._environment["PIP_CERT"] = "/etc/pip.pem"

    def root(self, *command: str) -> None:
        """Run a command as root, without its output; it must end with 0."""
        self._run(*command, stdout=subprocess.DEVNULL)

    def newcomer(self, script: str) -> int:
        """Run a script as the ordinary user, and return its exit code."""
        user = ["setpriv", f"--reuid={NEWCOMER}", f"--regid={NEWCOMER}", "--clear-groups"]
        return self._run(*user, "env", "HOME=/home/newcomer", "bash", "-c", script, check=False)

    def checkout(self) -> str:
        """Copy the checkout into the user's home, and return its path there."""
        folder = self._root / "home" / "newcomer" / "an edge"
        check_out(folder)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NEWCOMER, NEWCOMER, follow_symlinks=False)
        return f"/{folder.relative_to(self._root)}"

    def _run(self, *command: str, check: bool = True, stdout: int | None = None) -> int:
        entered = ["unshare", "--mount", "sh", "-c", ENTER, str(self._root), *command]
        return subprocess.run(entered, check=check, env=self._environment, stdout=stdout).returncode


def blocks() -> list[str]:
    """Return the blocks of commands that stand before the first heading."""
    page = ROOT / "README.md"
    end = page.read_text("utf-8").partition(f"\n{FIRST}\n")[0].count("\n")
    found: dict[int, list[str]] = {}  # by the line after each block's last one
    for command in commands(page):
        if command.in_block and command.line <= end:
            lines = found.pop(command.line, [])
            found[command.line + 1] = [*lines, command.text]
    return ["\n".join(lines) for lines in found.values()]


def main() -> int:
    """Type them; exit code 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("releases", nargs="+", metavar="RELEASE")
    parser.add_argument("--blocks", type=int, help="how many of README.md's blocks; default: all")
    options = parser.parse_args()
    failed = 0
    for release in options.releases:
        with tempfile.TemporaryDirectory(prefix="debian-") as place:
            debian = Debian(release, Path(place))
            debian.root("apt-get", "-qq", "update")
            debian.root("apt-get", "-qq", "install", "--no-install-recommends", *PACKAGES)
            debian.root("useradd", "--create-home", f"--uid={NEWCOMER}", "newcomer")
            folder = debian.checkout()
            script = "\n".join(blocks()[: options.blocks])
            began = time.monotonic()
            code = debian.newcomer(f"set -e\ncd '{folder}'\n{script}")
            failed += code != 0
            print(f"=== {release}, exit code {code}, {time.monotonic() - began:.0f} s:\n{script}", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
