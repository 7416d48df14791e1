from __future__ import annotations

from edgeattn.serve.sessions import MOST_RESULTS, Sessions


def test_a_token_is_good_once() -> None:
    guests = Sessions()
    token = guests.token
    session = guests.admit(token)
    assert guests.knows(session)
    assert guests.admit(token) is None
    assert guests.token != token


def test_what_is_no_token_lets_nobody_in() -> None:
    guests = Sessions()
    token = guests.token
    for wrong in ("", token[:-1], token + "x", token.swapcase(), "é\ud800"):
        assert guests.admit(wrong) is None
    assert guests.token == token
    assert not guests.knows(None)
    assert not guests.knows(token)


def test_each_browser_has_so_many_results() -> None:
    guests = Sessions()
    first, second = guests.admit(guests.token), guests.admit(guests.token)
    assert first is not None
    assert second is not None
    assert [guests.count_result(first) for _ in range(MOST_RESULTS + 1)] == [True] * MOST_RESULTS + [False]
    assert guests.count_result(second)
