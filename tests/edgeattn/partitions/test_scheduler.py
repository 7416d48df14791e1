"""Schedulers that do not answer, and those behind TLS: in one line, why a client cannot connect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import pytest
import trustme

from edgeattn.partitions import scheduler as module
from edgeattn.partitions.scheduler import connect
from edgeattn_runtime.errors import BadInput

pytestmark = pytest.mark.usefixtures("dask_collected")

ROLES = ("scheduler", "worker", "client")

NewScheduler = Callable[[Path, str, Mapping[str, str]], AbstractContextManager[Any]]
Settings = Mapping[str, str]  # of Dask, by name

UNSET = {"distributed.comm.tls.ca-file": ""}

# By name: the scheme of the address, whose authority and whose certificate are set, and what the line says.
CASES = {
    "no certificate": ("tls", "", "", "DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
    "another authority": ("tls", "other", "other", "authority in DASK_"),
    "a certificate of another": ("tls", "own", "other", "certificate in DASK_"),
    "no encryption": ("tcp", "", "", "tls://"),
    "no such file": ("tls", "missing", "missing", "PEM"),
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
    new_scheduler: NewScheduler,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """A scheduler that is encrypted."""
    settings = _settings(authorities[0].authority, authorities[0].issued)
    with (
        dask.config.set(settings),
        new_scheduler(tmp_path_factory.mktemp("secure"), "tls", _environment(settings)) as scheduler,
    ):
        yield scheduler


@pytest.fixture(params=CASES)
def refused(
    request: pytest.FixtureRequest, secure: Any, authorities: tuple[Authority, Authority]
) -> Iterator[Refused]:
    """An address with settings that are refused there, in this process too, and what is then told."""
    own, other = authorities
    scheme, authority, issued, told = CASES[request.param]
    of = {"own": own, "other": other, "missing": Authority(Path("missing.pem"), Path("missing.pem"))}
    settings = _settings(of[authority].authority, of[issued].issued) if authority else UNSET
    with dask.config.set(settings):
        yield Refused(secure.address.replace("tls", scheme), settings, told)


def test_with_a_certificate_of_the_authority_a_client_connects(secure: Any) -> None:
    assert secure.address.startswith("tls://")
    with connect(secure.address) as client:
        assert client.scheduler_info()["workers"] == {}


def test_a_client_that_is_refused_says_so_in_one_line(refused: Refused) -> None:
    with pytest.raises(BadInput) as error:
        connect(refused.address)
    assert refused.told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_scheduler_without_tls_is_told_from_one_with_it(
    scheduler: Any, authorities: tuple[Authority, Authority]
) -> None:
    own, _ = authorities
    encrypted = scheduler.address.replace("tcp", "tls")
    with (
        dask.config.set(_settings(own.authority, own.issued)),
        pytest.raises(BadInput, match="tcp://"),
    ):
        connect(encrypted)
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(BadInput, match="tls://"),
    ):
        connect(scheduler.address)


def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 1.0)
    with pytest.raises(BadInput, match=r"scheduler tcp://127.0.0.1:1: no answer in 1 s .*dask scheduler"):
        connect("tcp://127.0.0.1:1")
    with pytest.raises(BadInput, match="tcp://HOST:PORT"):
        connect("pi4")
