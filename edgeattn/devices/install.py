"""The runtime of this edgeattn, put on a device over SSH: an environment of its own, with what it needs."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import edgeattn_runtime
from edgeattn.devices.address import INSTALLED, SSH, Address, devices_file
from edgeattn_runtime.errors import BadInput

_INSTALL = """exec sh -c 'set -eu
place="{place}"
trap '"'"'[ $? -eq 0 ] || rm -rf "$place"'"'"' EXIT
python3 -m venv --clear "$place"
cat > "$place/{wheel}"
"$place/bin/python" -m pip install --quiet --disable-pip-version-check "$place/{wheel}"'"""

_PURE = "Wheel-Version: 1.0\nGenerator: edgeattn\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def install(address: Address) -> None:
    """Make the environment, whole or not at all; pip takes numpy, onnxruntime and safetensors as set there.

    Raises:
        BadInput: It is reached by a command of its own, or something fails there; with its last words.
    """
    if address.destination is None:
        raise BadInput(
            f"device {address.name}: has a command of its own in {devices_file()}; install edgeattn in the "
            "environment that the command starts"
        )
    script = _INSTALL.format(place=INSTALLED, wheel=wheel_name())
    command = (*SSH, "--", address.destination, script)
    try:
        done = subprocess.run(command, input=wheel(), capture_output=True, check=False)
    except FileNotFoundError as error:
        raise BadInput("ssh: not found; install OpenSSH's client") from error
    if done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise BadInput(
            f"device {address.name}: nothing installed ({words[-1] if words else 'no words'}); it needs "
            "Python 3.11 or newer with venv as python3, and a way to a registry of packages"
        )


def wheel_name() -> str:
    """Return the file name of the runtime's wheel."""
    return f"edgeattn_runtime-{edgeattn_runtime.__version__}-py3-none-any.whl"


def wheel() -> bytes:
    """Return only the runtime as a wheel, of the files that this process imports it from."""
    folder = Path(edgeattn_runtime.__path__[0])
    files = {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    about = f"edgeattn_runtime-{edgeattn_runtime.__version__}.dist-info"
    files[f"{about}/METADATA"] = "\n".join(_metadata()).encode()
    files[f"{about}/WHEEL"] = _PURE.encode()
    record = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    files[f"{about}/RECORD"] = "\n".join([*record, f"{about}/RECORD,,", ""]).encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def _metadata() -> Iterator[str]:
    whole = metadata.metadata("edgeattn")
    yield "Metadata-Version: 2.1"
    yield "Name: edgeattn-runtime"
    yield f"Version: {edgeattn_runtime.__version__}"
    yield f"Requires-Python: {whole['Requires-Python']}"
    yield from (
        f"Requires-Dist: {each}" for each in metadata.requires("edgeattn") or () if "extra ==" not in each
    )
    yield ""


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
