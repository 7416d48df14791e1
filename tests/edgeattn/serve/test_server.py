"""Whatever comes in by a real socket, the server goes on, and says what happened."""

from __future__ import annotations

import socket

import pytest
from running import PATIENCE, SMALL, Running, alive, post, until

from edgeattn.serve.address import LOOPBACK
from edgeattn.serve.handlers import MOST_BYTES
from edgeattn.serve.sessions import MOST_RESULTS


def raw(port: int, content: bytes) -> bytes:
    """Send bytes, and return all that comes back until the server closes."""
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE) as connection:
        connection.sendall(content)
        received = bytearray()
        while chunk := connection.recv(65536):
            received += chunk
    return bytes(received)


def test_an_address_lets_one_browser_in(server: Running) -> None:
    token = server.sessions.token
    session = server.enter()
    assert server.sessions.token != token
    answer, body = server.ask("/", session=session)
    assert (answer.status, len(body)) == (200, SMALL)
    assert server.noted.browsers == [LOOPBACK]
    again, words = server.ask(f"/open/{token}")
    assert again.status == 403
    assert b"newest code" in words
    returned, _ = server.ask(f"/open/{token}", session=session)
    assert (returned.status, returned.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/", "/large.bin", "/open/wrong", "/open/", "/open/%C3%A9", "/open/%FF%00"])
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
