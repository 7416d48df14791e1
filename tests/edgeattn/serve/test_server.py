"""Whatever comes in by a real socket, the server goes on, and says what happened."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import LARGE, SMALL, Running, running

from edgeattn.serve import handlers
from edgeattn.serve import server as serving
from edgeattn.serve.address import LOOPBACK
from edgeattn.serve.handlers import MOST_BYTES
from edgeattn.serve.sessions import MOST_RESULTS

PATIENCE = 20.0  # seconds until what must happen has happened


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def raw(port: int, content: bytes) -> bytes:
    """Send bytes, and return all that comes back until the server closes."""
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE) as connection:
        connection.sendall(content)
        received = bytearray()
        while chunk := connection.recv(65536):
            received += chunk
    return bytes(received)


def alive(running: Running) -> None:
    """Check that a browser that came in gets the page."""
    answer, body = running.ask("/", session=running.enter())
    assert (answer.status, len(body)) == (200, SMALL)


def test_an_address_lets_one_browser_in(server: Running) -> None:
    token = server.sessions.token
    session = server.enter()
    assert server.sessions.token != token
    answer, body = server.ask("/", session=session)
    assert (answer.status, len(body)) == (200, SMALL)
    assert server.noted.entered == [LOOPBACK]
    again, words = server.ask(f"/open/{token}")
    assert again.status == 403
    assert b"newest code" in words
    returned, _ = server.ask(f"/open/{token}", session=session)
    assert (returned.status, returned.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/", "/large.bin", "/open/wrong", "/open/", "/open/%FF%00"])
def test_nobody_else_gets_anything(server: Running, path: str) -> None:
    answer, words = server.ask(path, session="wrong")
    assert answer.status in (400, 403)
    if answer.status == 403:
        assert b"newest code" in words
    assert server.noted.refusals
    alive(server)


@pytest.mark.parametrize(
    "path",
    ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/bundle/../../secret", "//etc/passwd", "/etc/passwd",
     "/large.bin/", "/large.bin%00", "/\\..\\secret", "/index.html"],
)  # fmt: skip
def test_a_path_that_climbs_is_no_file(server: Running, path: str) -> None:
    (server.folder.parent / "secret").write_text("secret")
    answer, body = server.ask(path, session=server.enter())
    assert answer.status == 404
    assert b"secret" not in body
    assert "no file" in server.noted.refusals[-1]
    alive(server)


@pytest.mark.parametrize(
    "name", ["rebound.example", "localhost", LOOPBACK, "127.0.0.1:1", "127.0.0.1:{}.example"]
)
def test_a_name_that_no_terminal_showed_gets_nothing(server: Running, name: str) -> None:
    session, host = server.enter(), {"Host": name.format(server.port)}
    for path in ("/", "/large.bin", f"/open/{server.sessions.token}"):
        answer, words = server.ask(path, session=session, headers=host)
        assert answer.status == 421
        assert b"newest code" in words
    origin = {"Origin": f"http://{host['Host']}"}
    answer, _ = server.ask("/result", method="POST", session=session, body=b"{}", headers=host | origin)
    assert (answer.status, server.noted.results) == (421, [])
    assert any("asked for by the name" in reason for reason in server.noted.refusals)
    alive(server)


def test_every_answer_isolates_the_page(server: Running) -> None:
    session = server.enter()
    for path in ("/", "/none", "/open/wrong", "/result"):
        answer, _ = server.ask(path, session=session)
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Server" not in answer.headers


def test_what_a_browser_has_is_not_sent_again(server: Running) -> None:
    session = server.enter()
    answer, _ = server.ask("/", session=session)
    again, body = server.ask("/", session=session, headers={"If-None-Match": answer.headers["Etag"]})
    assert (again.status, body) == (304, b"")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "HEAD", "BREW"])
def test_other_methods_are_refused(server: Running, method: str) -> None:
    for path in ("/", "/result", "/open/x"):
        answer, _ = server.ask(path, method=method, session=server.enter())
        assert answer.status == 405
    alive(server)


def test_a_result_is_taken(server: Running) -> None:
    session = server.enter()
    origin = {"Origin": f"http://{LOOPBACK}:{server.port}"}
    answer, said = server.ask("/result", method="POST", session=session, body=b"{}", headers=origin)
    assert (answer.status, said) == (200, b'{"kept": true}')
    assert server.noted.results == [b"{}"]


def test_what_is_no_result_is_told_in_one_line(server: Running) -> None:
    session = server.enter()
    answer, body = server.ask("/result", method="POST", session=session, body=b"\xff\x00")
    assert (answer.status, body) == (422, b'{"error": "no result"}')
    assert server.noted.refusals == ["no result"]
    alive(server)


@pytest.mark.parametrize("origin", ["http://example.org", "null", "https://127.0.0.1"])
def test_another_origins_page_sends_nothing(server: Running, origin: str) -> None:
    answer, _ = server.ask(
        "/result", method="POST", session=server.enter(), body=b"{}", headers={"Origin": origin}
    )
    assert answer.status == 403
    assert server.noted.results == []


def test_a_result_without_a_session_is_refused(server: Running) -> None:
    answer, _ = server.ask("/result", method="POST", body=b"{}")
    assert answer.status == 403
    assert server.noted.results == []


def test_a_browser_sends_so_many_results_and_no_more(server: Running) -> None:
    session = server.enter()
    found = [
        server.ask("/result", method="POST", session=session, body=b"{}")[0].status
        for _ in range(MOST_RESULTS + 2)
    ]
    assert found == [200] * MOST_RESULTS + [429] * 2
    assert len(server.noted.results) == MOST_RESULTS
    assert "enough results" in server.noted.refusals[-1]
    answer, _ = server.ask("/result", method="POST", session=server.enter(), body=b"{}")
    assert answer.status == 200


def post(running: Running, session: str, *lines: str) -> bytes:
    cookie = f"Cookie: edgeattn-test={session}"
    head = ("POST /result HTTP/1.1", f"Host: {running.authority}", cookie, *lines, "", "")
    return "\r\n".join(head).encode()


def test_a_result_that_is_too_large_is_refused_unread(server: Running) -> None:
    answer = raw(server.port, post(server, server.enter(), "Content-Length: 99999999999"))
    assert b" 413 " in answer.splitlines()[0]
    assert b"262,144" in answer
    assert any("99,999,999,999 bytes" in line for line in server.noted.refusals)
    alive(server)


@pytest.mark.parametrize(
    "line", ["Transfer-Encoding: chunked", "Content-Length: -1", "Content-Length: 1e3", "X: y"]
)
def test_a_result_of_no_known_size_is_refused(server: Running, line: str) -> None:
    chunk = f"{MOST_BYTES:x}\r\n".encode()
    answer = raw(server.port, post(server, server.enter(), line) + chunk)
    assert answer.split()[1] in (b"400", b"411")
    assert server.noted.results == []
    until(lambda: server.noted.refusals)
    alive(server)


NO_HTTP = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00",
    "no path": b"GET\r\n\r\n",
    "version": b"GET / HTTP/9.9\r\n\r\n",
    "zeros": b"\0" * 100_000 + b"\r\n\r\n",
    "header": b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 9_000 + b"\r\n",
    "two lengths": b"POST /result HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
}


@pytest.mark.parametrize("content", NO_HTTP.values(), ids=NO_HTTP)
def test_what_is_no_http_ends_its_connection_alone(server: Running, content: bytes) -> None:
    with socket.create_connection((LOOPBACK, server.port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            received = connection.recv(65536)
        except TimeoutError:
            raise
        except OSError:  # the server has left by then
            received = b""
    assert not received.startswith(b"HTTP/1.1 2")
    until(lambda: server.noted.refusals or not received)
    alive(server)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Running]:
    """A server that waits for nobody longer than a second."""
    monkeypatch.setattr(serving, "HEADERS_WITHIN", 1.0)
    monkeypatch.setattr(serving, "BODY_WITHIN", 1.0)
    with running(tmp_path) as started:
        yield started


def test_slow_clients_are_left_and_hold_up_nobody(impatient: Running) -> None:
    session = impatient.enter()
    slow = {
        "silent": b"",
        "a header": b"GET / HTTP/1.1\r\nHost:",
        "a body": post(impatient, session, "Content-Length: 9") + b"{",
    }
    connections = [socket.create_connection((LOOPBACK, impatient.port), timeout=PATIENCE) for _ in slow]
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


def test_connections_beyond_some_are_turned_away(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 5)
    held = [socket.create_connection((LOOPBACK, server.port), timeout=PATIENCE) for _ in range(5)]
    with socket.create_connection((LOOPBACK, server.port), timeout=PATIENCE) as beyond:
        assert beyond.recv(1) == b""
    assert "beyond the most" in server.noted.refusals[-1]
    for connection in held:
        connection.close()
    until(lambda: _answers(server))
    alive(server)


def _answers(server: Running) -> bool:
    try:
        return server.ask("/open/wrong")[0].status == 403
    except OSError:
        return False


def large(server: Running) -> str:
    cookie = f"edgeattn-test={server.enter()}"
    return f"GET /large.bin HTTP/1.1\r\nHost: {server.authority}\r\nCookie: {cookie}\r\n\r\n"


def test_one_address_leaves_room_for_others(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_OF_ADDRESS", 5)
    held = [socket.create_connection((LOOPBACK, server.port), timeout=PATIENCE) for _ in range(5)]
    with socket.create_connection((LOOPBACK, server.port), timeout=PATIENCE) as beyond:
        assert beyond.recv(1) == b""
    assert "the most that one address may hold" in server.noted.refusals[-1]
    other = ("127.0.0.2", 0)
    with socket.create_connection((LOOPBACK, server.port), PATIENCE, source_address=other) as elsewhere:
        elsewhere.sendall(f"GET /open/wrong HTTP/1.1\r\nHost: {server.authority}\r\n\r\n".encode())
        assert b" 403 " in elsewhere.recv(65536)
    for connection in held:
        connection.close()
    until(lambda: _answers(server))
    alive(server)


def test_a_client_that_vanishes_amid_a_file_is_told(server: Running) -> None:
    request = large(server)
    connection = socket.create_connection((LOOPBACK, server.port), timeout=PATIENCE)
    connection.sendall(request.encode())
    assert connection.recv(10)
    connection.close()
    until(lambda: server.noted.refusals)
    assert "left amid large.bin" in server.noted.refusals[-1]
    alive(server)


def test_a_client_that_takes_nothing_is_left(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "STALLED", 0.5)
    request = large(server)
    with socket.create_connection((LOOPBACK, server.port), timeout=PATIENCE) as connection:
        connection.sendall(request.encode())
        until(lambda: server.noted.refusals)
        assert "left amid large.bin" in server.noted.refusals[-1]
    alive(server)


def test_a_large_file_comes_whole(server: Running) -> None:
    answer, body = server.ask("/large.bin", session=server.enter())
    assert (answer.status, len(body)) == (200, LARGE)


def test_a_client_that_vanishes_amid_a_result_leaves_nothing(server: Running) -> None:
    with socket.create_connection((LOOPBACK, server.port), timeout=PATIENCE) as connection:
        connection.sendall(post(server, server.enter(), "Content-Length: 9") + b"{")
    alive(server)
    assert server.noted.results == []
