"""Schedulers behind TLS take whoever has a certificate of their authority, and tell others in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import pytest
import trustme

from edgeattn.__main__ import main
from edgeattn.partitions.scheduler import connect
from edgeattn_runtime.errors import BadInput

BARE = Path(__file__).with_name("bare_device.py")
BUNDLE = Path(__file__).parents[3] / "runtime" / "conformance" / "good.edge"
SECONDS = 120  # in which a device must give up, on a machine that is busy

ROLES = ("scheduler", "worker", "client")

Network = Any
NewNetwork = Callable[[Path, str, Mapping[str, str]], AbstractContextManager[Network]]
Settings = Mapping[str, str]  # of Dask, by name

UNSET = {"distributed.comm.tls.ca-file": ""}

# By name: the scheme of the address, whose authority and whose certificate are set, and what is told.
CASES = {
    "no certificate": ("tls", "", "", "no certificate here; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
    "another authority": ("tls", "other", "other", "its certificate is not of the authority in DASK_"),
    "a certificate of another": ("tls", "own", "other", "it refused the certificate in DASK_"),
    "no encryption": ("tcp", "", "", "it closed the connection, as one behind TLS does; give tls://"),
    "no such file": ("tls", "missing", "missing", "PEM files expected"),
}


@dataclass(frozen=True)
class Refused:
    """What is refused, and what is then told."""

    address: str
    settings: Settings
    told: str


@dataclass(frozen=True)
class Authority:
    """The files of an authority: its own certificate, and one that it issued, with its key."""

    authority: Path
    issued: Path

    @classmethod
    def made(cls, folder: Path) -> Authority:
        made, found = trustme.CA(), cls(folder / "authority.pem", folder / "issued.pem")
        folder.mkdir()
        made.cert_pem.write_to_path(found.authority)
        made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(found.issued)
        return found


def _settings(authority: Path, issued: Path) -> Settings:
    """Return Dask's settings of TLS."""
    files = {f"{role}.{file}": str(issued) for role in ROLES for file in ("cert", "key")}
    return {
        f"distributed.comm.tls.{name}": path for name, path in {"ca-file": str(authority), **files}.items()
    }


def _environment(settings: Settings) -> Mapping[str, str]:
    """Return settings as a process's environment has them."""
    return {
        f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": value for name, value in settings.items()
    }


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    """That of the scheduler, and another one."""
    folder = tmp_path_factory.mktemp("authorities")
    return Authority.made(folder / "own"), Authority.made(folder / "other")


@pytest.fixture(scope="module")
def secure(
    authorities: tuple[Authority, Authority],
    new_network: NewNetwork,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Network]:
    """A network that is encrypted."""
    settings = _settings(authorities[0].authority, authorities[0].issued)
    with (
        dask.config.set(settings),
        new_network(tmp_path_factory.mktemp("secure"), "tls", _environment(settings)) as network,
    ):
        yield network


@pytest.fixture(params=CASES)
def refused(
    request: pytest.FixtureRequest, secure: Network, authorities: tuple[Authority, Authority]
) -> Iterator[Refused]:
    """An address with settings that are refused there, in this process too, and what is then told."""
    own, other = authorities
    scheme, authority, issued, told = CASES[request.param]
    of = {"own": own, "other": other, "missing": Authority(Path("missing.pem"), Path("missing.pem"))}
    settings = _settings(of[authority].authority, of[issued].issued) if authority else UNSET
    with dask.config.set(settings):
        yield Refused(secure.address.replace("tls", scheme), settings, told)


def test_with_a_certificate_of_the_authority_a_device_measures(
    secure: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    secure.start("safe")
    assert secure.address.startswith("tls://")
    assert main(["bench", str(BUNDLE), "--on", "safe", "--scheduler", secure.address]) == 0
    assert "Golden samples on safe: " in capsys.readouterr().out


def test_a_host_that_is_refused_says_so_in_one_line(
    refused: Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", str(BUNDLE), "--on", "safe", "--scheduler", refused.address]) == 2
    _check_line(capsys.readouterr().err, refused.told)


def test_a_device_that_is_refused_says_so_in_one_line(refused: Refused, tmp_path: Path) -> None:
    _check_line(_refused_device(refused.address, refused.settings, tmp_path), refused.told)


def test_a_scheduler_without_tls_is_told_from_one_with_it(
    network: Network, authorities: tuple[Authority, Authority], tmp_path: Path
) -> None:
    own, _ = authorities
    encrypted = network.address.replace("tcp", "tls")
    error = _refused_device(encrypted, _settings(own.authority, own.issued), tmp_path)
    _check_line(error, "it answers without TLS; give tcp://")
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(BadInput, match="encryption is required here; give tls://"),
    ):
        connect(network.address)


def _refused_device(address: str, settings: Settings, files: Path) -> str:
    """Return what a device says that is refused."""
    command = [sys.executable, str(BARE), address, "--name", "stranger", "--files", str(files)]
    environment = {**os.environ, **_environment(settings)}
    done = subprocess.run(
        command, env=environment, timeout=SECONDS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    return done.stderr


def _check_line(error: str, told: str) -> None:
    assert told in error
    assert error.count("\n") == 1
