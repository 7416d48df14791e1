"""No command opens a socket but those that are about another machine: the others run where none is had.

Python's own audit events tell of every socket, in the process of a command and in those that it starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from PIL import Image
from safetensors.numpy import save_file

from edgeattn.commands.app import COMMANDS
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.commands.command_line import parser

TINY = Path(__file__).parents[2] / "edgeattn" / "tiny.py"
CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
FOR_OTHERS = {"serve", "sweep"}  # a page for phones; a scheduler and its workers

DENIED = """
import os, socket, sys

def deny(event, arguments):
    if event == "socket.__new__" and arguments[1] != socket.AF_UNIX or event == "socket.getaddrinfo":
        with open(os.environ["DENIED"], "a") as file:
            file.write(f"{event} {arguments[1:]}\\n")
        raise OSError("sockets are denied")

sys.addaudithook(deny)
"""

# Each command in turn: they share the seconds that PyTorch takes to be imported.
IN_TURN = """
import sys
import edgeattn.measure.race
from edgeattn.__main__ import main

edgeattn.measure.race.RACE_SECONDS = 0.5
for line in sys.stdin.read().splitlines():
    print(main(line.split("\\t")), line.split("\\t")[0], file=sys.stderr)
"""


# config.json of folders that have a library fetch what they name.
HOSTILE = {
    "timm": {
        "architecture": "resnet18",
        "num_classes": 1000,
        "model_args": {"pretrained": True},
        "pretrained_cfg": {"url": "http://127.0.0.1:9/inside.pth", "input_size": [3, 32, 32]},
    },
    "transformers": {
        "model_type": "detr",
        "architectures": ["DetrForObjectDetection"],
        "use_timm_backbone": False,
        "backbone": "a-stranger/backbone",
        "use_pretrained_backbone": True,
    },
}


@dataclass(frozen=True)
class Denial:
    """Processes without sockets.

    Attributes:
        variables: Of their environment.
        log: What was denied, a line each.
    """

    variables: dict[str, str]
    log: Path

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run Python with arguments."""
        return subprocess.run(
            [sys.executable, *command],
            input=given,
            env=self.variables,
            cwd=self.log.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def denied(self) -> list[str]:
        """What was denied by now."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def denial(tmp_path: Path) -> Denial:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(DENIED)
    log, paths = tmp_path / "denied.txt", (str(tmp_path / "site"), os.environ.get("PYTHONPATH", ""))
    path = os.pathsep.join(filter(None, paths))
    return Denial({**os.environ, "PYTHONPATH": path, "DENIED": str(log)}, log)


@pytest.fixture
def commands(tmp_path: Path) -> dict[str, list[list[str]]]:
    """A line for every command of edgeattn that opens no socket, the first making what the others take."""
    key = Ed25519PrivateKey.generate()
    secret, public, recipe = (tmp_path / name for name in ("key", "key.pub", "recipe.json"))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
    recipe.write_text(DYNAMIC_INT8.to_json())
    bundle, packed, inputs = "new.edge", "app.edge", tmp_path / "x.npz"
    np.savez(inputs, tokens=np.array([[1, 2]]), attention_mask=np.ones((1, 2), np.int64))
    return {
        "export": [[str(TINY), "--recipe", str(recipe), "-o", bundle]],
        "validate": [[bundle], [bundle, str(TINY)]],
        "bench": [[bundle]],
        "run": [[bundle, "--input", str(inputs)]],
        "generate": [[str(CONFORMANCE / "decoder.edge"), "--tokens", "1,2"]],
        "inspect": [[bundle]],
        "report": [[bundle, "--page", "page.html"]],
        "pack": [[bundle, "--for", "cpu", "-o", packed]],
        "sbom": [[bundle]],
        "sign": [[packed, "--key", str(secret)]],
        "verify": [[packed, "--key", str(public)]],
        "targets": [[]],
        "devices": [[]],
        "demo": [["--list"]],
    }


def test_no_other_command_opens_a_socket(denial: Denial, commands: dict[str, list[list[str]]]) -> None:
    names = set(COMMANDS)
    assert commands.keys() == names - FOR_OTHERS
    lines = [[name, *line] for name, each in commands.items() for line in each]
    done = denial.run("-c", IN_TURN, given="\n".join("\t".join(line) for line in lines))
    told = [line for line in done.stderr.splitlines() if line.partition(" ")[2] in names]
    assert told == [f"0 {name}" for name, *_ in lines], done.stderr
    assert denial.denied == []


@pytest.mark.parametrize(
    "line",
    [
        ["run", "--input", "x.npz", str(CONFORMANCE / "good.edge")],
        ["check", str(CONFORMANCE / "good.edge")],
        ["check", "--untrusted", str(CONFORMANCE / "good.edge")],
        ["bench", "--rounds", "1", str(CONFORMANCE / "good.edge")],
        ["generate", "--tokens", "1,2", str(CONFORMANCE / "decoder.edge")],
    ],
    ids=lambda line: " ".join(line[:2]),
)
def test_no_command_of_a_device_does(denial: Denial, line: list[str]) -> None:
    np.savez(denial.log.with_name("x.npz"), tokens=np.array([[1, 2]]), mask=np.ones((1, 2), np.float32))
    done = denial.run("-m", "edgeattn_runtime", *line)
    assert (done.returncode, denial.denied) == (0, []), done.stderr


@pytest.mark.parametrize("kind", ["timm", "transformers"])
def test_no_folder_of_a_stranger_has_an_export_open_one(denial: Denial, kind: str) -> None:
    """Whose config.json names weights at an address, and a backbone's repository."""
    folder, images = denial.log.with_name("net"), denial.log.with_name("images")
    for each in (folder, images):
        each.mkdir()
    for i in range(4):
        Image.fromarray(np.full((32, 32, 3), 40 * i, np.uint8)).save(images / f"{i}.png")
    save_file({"x": np.zeros(1, np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(HOSTILE[kind]))
    (folder / "preprocessor_config.json").write_text('{"image_processor_type": "DetrImageProcessor"}')
    done = denial.run("-m", "edgeattn", "export", "net", "--samples", "images")
    assert (done.returncode, denial.denied) == (2, []), done.stderr
    assert "nothing is fetched" in done.stderr or "sizes and parts of a network expected" in done.stderr


def test_these_are_all_commands_of_a_device() -> None:
    assert "run|check|bench|generate" in parser().format_usage()


def test_the_denial_reaches_processes_that_a_process_starts(denial: Denial) -> None:
    inner = "import socket; socket.socket()"
    done = denial.run("-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])")
    assert "sockets are denied" in done.stderr
    assert len(denial.denied) == 1


def test_what_serves_is_denied(denial: Denial) -> None:
    done = denial.run("-c", "from edgeattn.serve.address import listening; listening('127.0.0.1', 0)")
    assert "sockets are denied" in done.stderr
    assert denial.denied
