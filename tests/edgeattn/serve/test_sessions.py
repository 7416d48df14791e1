from __future__ import annotations

from edgeattn.serve.sessions import MOST_RESULTS, Sessions


def test_a_token_is_good_once() -> None:
    sessions = Sessions()
    token = sessions.token
    session = sessions.admit(token)
    assert sessions.knows(session)
    assert sessions.admit(token) is None
    assert sessions.token != token


def test_what_is_no_token_lets_nobody_in() -> None:
    sessions = Sessions()
    token = sessions.token
    for wrong in ("", token[:-1], token + "x", token.swapcase(), "é\ud800"):
        assert sessions.admit(wrong) is None
    assert sessions.token == token
    assert not sessions.knows(None)
    assert not sessions.knows(token)


def test_each_browser_has_so_many_results() -> None:
    sessions = Sessions()
    first, second = sessions.admit(sessions.token), sessions.admit(sessions.token)
    assert first is not None
    assert second is not None
    assert [sessions.count_result(first) for _ in range(MOST_RESULTS + 1)] == [True] * MOST_RESULTS + [False]
    assert sessions.count_result(second)
