"""Sessions of browsers: each address that the terminal shows admits one browser, once."""

from __future__ import annotations

import secrets

MOST_RESULTS = 16  # that one browser may send: a page that is left open does not fill a report


class Sessions:
    """The token of the next address, and the sessions of browsers that came by earlier ones.

    Attributes:
        token: What the next address holds; another one as soon as it was used.
    """

    def __init__(self) -> None:
        self.token = _secret()
        self._results_left: dict[str, int] = {}  # by session

    def admit(self, token: str) -> str | None:
        """Return a new session for the right token, which is then used up; None for any other."""
        if not token.isascii() or not secrets.compare_digest(token, self.token):
            return None
        self.token, session = _secret(), _secret()
        self._results_left[session] = MOST_RESULTS
        return session

    def knows(self, session: str | None) -> bool:
        """Return whether a session was admitted."""
        return session in self._results_left

    def count_result(self, session: str) -> bool:
        """Count one more result of a session; False where it has sent enough."""
        if self._results_left[session] == 0:
            return False
        self._results_left[session] -= 1
        return True


def _secret() -> str:
    return secrets.token_urlsafe(16)  # 128 bits: more is a denser QR code
