from __future__ import annotations

import ipaddress

import pytest

from edgeattn.serve.address import LOOPBACK, Address, listening, network_host
from edgeattn_runtime.errors import BadInput


def test_a_port_that_is_taken_is_told() -> None:
    with listening(LOOPBACK, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=rf"port {port} of 127\.0\.0\.1: .*--port"):
            listening(LOOPBACK, port)


def test_an_address_says_who_can_reach_it() -> None:
    assert Address(LOOPBACK, 8000).local
    assert not Address("192.0.2.7", 8000).local
    assert Address("192.0.2.7", 8000).entrance("abc") == "http://192.0.2.7:8000/open/abc"
    assert Address("192.0.2.7", 80).entrance("abc") == "http://192.0.2.7/open/abc"


def test_a_machines_own_address_is_found_or_missed() -> None:
    try:
        found = network_host()
    except BadInput as error:
        assert str(error).startswith("--lan: no network found")  # noqa: PT017 - as on a machine without one
    else:
        assert ipaddress.IPv4Address(found).is_unspecified is False
