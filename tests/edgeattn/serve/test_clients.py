"""Clients that are slow, many or gone hold up nobody, and are told of."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import LARGE, PATIENCE, Running, alive, post, running, until

from edgeattn.serve import handlers
from edgeattn.serve import server as serving
from edgeattn.serve.address import LOOPBACK


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Running]:
    """A server that waits for nobody longer than a second."""
    monkeypatch.setattr(serving, "HEADERS_WITHIN", 1.0)
    monkeypatch.setattr(serving, "BODY_WITHIN", 1.0)
    with running(tmp_path) as started:
        yield started


def connected(server: Running, host: str = LOOPBACK) -> socket.socket:
    return socket.create_connection((LOOPBACK, server.port), PATIENCE, source_address=(host, 0))


def test_slow_clients_are_left_and_hold_up_nobody(impatient: Running) -> None:
    session = impatient.enter()
    slow = {
        "silent": b"",
        "a header": b"GET / HTTP/1.1\r\nHost:",
        "a body": post(impatient, session, "Content-Length: 9") + b"{",
    }
    connections = [connected(impatient) for _ in slow]
    for connection, content in zip(connections, slow.values(), strict=True):
        connection.sendall(content)
    alive(impatient)
    for connection in connections:
        assert connection.recv(65536) == b""  # closed by the server
        connection.close()
    assert impatient.noted.results == []
    assert any("Timeout reading body" in reason for reason in impatient.noted.refusals)
    alive(impatient)


def test_two_hundred_browsers_at_once_are_all_answered(server: Running) -> None:
    session = server.enter()
    found: list[int] = []
    gate = threading.Barrier(200)

    def ask() -> None:
        gate.wait()
        found.append(server.ask("/", session=session)[0].status)

    threads = [threading.Thread(target=ask) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 200


def large(server: Running) -> str:
    cookie = f"edgeattn-test={server.enter()}"
    return f"GET /large.bin HTTP/1.1\r\nHost: {server.authority}\r\nCookie: {cookie}\r\n\r\n"


@pytest.mark.parametrize(
    ("limit", "named"),
    [
        ("MOST_CONNECTIONS", "the most that all"),
        ("MOST_OF_ADDRESS", "the most that one address"),
    ],
)
def test_connections_beyond_some_are_turned_away(
    server: Running, monkeypatch: pytest.MonkeyPatch, limit: str, named: str
) -> None:
    monkeypatch.setattr(serving, limit, 5)
    held = [connected(server) for _ in range(5)]
    with connected(server) as beyond:
        assert beyond.recv(1) == b""
    assert named in server.noted.refusals[-1]
    if limit == "MOST_OF_ADDRESS":
        with connected(server, "127.0.0.2") as elsewhere:
            elsewhere.sendall(f"GET /open/wrong HTTP/1.1\r\nHost: {server.authority}\r\n\r\n".encode())
            assert b" 403 " in elsewhere.recv(65536)
    for connection in held:
        connection.close()
    until(lambda: _answers(server))
    alive(server)


def _answers(server: Running) -> bool:
    try:
        return server.ask("/open/wrong")[0].status == 403
    except OSError:
        return False


def test_a_client_that_vanishes_amid_a_file_is_told(server: Running) -> None:
    request = large(server)
    connection = connected(server)
    connection.sendall(request.encode())
    assert connection.recv(10)
    connection.close()
    until(lambda: server.noted.refusals)
    assert "left amid large.bin" in server.noted.refusals[-1]
    alive(server)


def test_a_client_that_takes_nothing_is_left(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "STALLED", 0.5)
    request = large(server)
    with connected(server) as connection:
        connection.sendall(request.encode())
        until(lambda: server.noted.refusals)
        assert "left amid large.bin" in server.noted.refusals[-1]
    alive(server)


def test_a_large_file_comes_whole(server: Running) -> None:
    answer, body = server.ask("/large.bin", session=server.enter())
    assert (answer.status, len(body)) == (200, LARGE)


def test_a_client_that_vanishes_amid_a_result_leaves_nothing(server: Running) -> None:
    with connected(server) as connection:
        connection.sendall(post(server, server.enter(), "Content-Length: 9") + b"{")
    alive(server)
    assert server.noted.results == []
