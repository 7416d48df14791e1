"""A peer's virtual environment: made once, kept in the cache folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from protocol.peer import Peer
from protocol.process import PeerFailed

LIMIT = 3600  # seconds: some peers bring two gigabytes


def python_of(peer: Peer, cache: Path) -> Path:
    """Return the Python of a peer's environment, made now if it is new or its packages have changed.

    Raises:
        PeerFailed: pip cannot install the packages.
    """
    if not peer.packages:
        return Path(sys.executable)
    folder = cache / peer.module / "venv"
    mark, python = folder / "installed.txt", folder / "bin" / "python"
    wanted = "\n".join(peer.packages)
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return python
    mark.unlink(missing_ok=True)  # first: what is interrupted from here on counts for nothing
    shutil.rmtree(folder, ignore_errors=True)
    print(f"installing {peer.module}: {' '.join(peer.packages)}", file=sys.stderr)
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(python), "-m", "pip", "install", "--quiet", *peer.packages])
    switch_off_telemetry(folder)
    mark.write_text(wanted, encoding="utf-8")
    return python


def switch_off_telemetry(environment: Path) -> None:
    """Keep OpenVINO and NNCF from sending what they do, before either of them is imported."""
    consent = environment / "bin" / "opt_in_out"  # of openvino-telemetry
    if consent.is_file():
        _run([str(consent), "--opt_out"])


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=LIMIT)
    except subprocess.TimeoutExpired as error:
        raise PeerFailed(f"install: took over {error.timeout:.0f} s") from error
    except subprocess.CalledProcessError as error:
        said = [line.strip() for line in error.stderr.splitlines() if line.startswith("ERROR")]
        raise PeerFailed(f"install: {said[0] if said else f'code {error.returncode}'}") from error
