"""The way to a device: a process that this host starts, and starts again where it was lost."""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn.devices.address import Address, devices_file
from edgeattn.devices.device import Device
from edgeattn.devices.files import Contents, in_requests
from edgeattn_runtime.device.frames import FrameError, Message
from edgeattn_runtime.device.peer import Peer, PeerLostError
from edgeattn_runtime.device.request import Piece
from edgeattn_runtime.errors import BadInput, EdgeAttnError
from edgeattn_runtime.fields import Field

PATIENCE = 60.0  # seconds in which a device that has gone must be back, at least
STARTS = 4.0  # or times as long as it took to start, where that is slow
LOOK = 1.0  # seconds between two attempts to reach it again
LOSSES = 3  # of the connection in one measurement, after which it is given up
SENDINGS = 3  # of the same files: those of other hosts may push them out
ANSWER = 1 << 28  # bytes of arrays that an answer may have; its description has none
START = 120.0  # seconds in which a device must say what it is, or that another host measures there

Pieces = Sequence[tuple[Piece, bytes]]
Answer = tuple[Message, dict[str, NDArray[Any]]]

_ABSENT = ("No module named", "not found", "No such file")  # what shells and Python say


class DeviceLostError(BadInput):
    """A device has gone in a measurement and not come back, or ended in it time and again."""


class Connection:
    """One device, asked by this host; others take turns with it.

    Args:
        address: Where it is.
        patience: Seconds in which it must be back, once it has gone; None takes what its start allows.

    Raises:
        BadInput: It cannot be reached; the message has the command's last words.
        IncompatibleRuntimeError: It has another edgeattn.
    """

    def __init__(self, address: Address, patience: float | None = None) -> None:
        self._address, self._sent, self._has_noted = address, set[str](), False
        began = time.monotonic()
        self._peer, self.device = self._started(silence=START)
        self.patience = patience or max(PATIENCE, STARTS * (time.monotonic() - began))
        self._peer.silence = self.patience

    @property
    def name(self) -> str:
        """The device's."""
        return self._address.name

    def close(self) -> None:
        """End the process; the device ends what it does for it."""
        self._peer.end()

    def ask(self, verb: str, request: Mapping[str, object], contents: Contents) -> Answer:
        """Have a verb performed, and return the answer with its arrays.

        Args:
            verb: One of the device's.
            request: Plain data.
            contents: Of all files that it names; each is sent once.

        Raises:
            EdgeAttnError: What the device raised.
            DeviceLostError: It was lost, and did not come back, or was lost again and again.
        """
        new = {digest: content for digest, content in contents.items() if digest not in self._sent}
        along = list(islice(in_requests(new), 2))
        # What was never sent goes along where one request holds all of it: the device need not ask for it.
        requests: Iterable[Pieces] = along if len(along) == 1 else [[]]
        for _ in range(SENDINGS):
            for pieces in requests:
                answer = self._answered(verb, request, pieces)
                missing = self._missing(answer[0], contents)
                if not missing:
                    self._sent.update(contents)
                    return answer
            requests = in_requests({digest: contents[digest] for digest in missing})
        megabytes = sum(map(len, contents.values())) / 1e6
        raise BadInput(
            f"device {self.name}: its folder holds less than the {megabytes:,.0f} MB that are needed at "
            "once; start it with more: python -m edgeattn_runtime.device --files-mb"
        )

    def _missing(self, answer: Message, contents: Contents) -> list[str]:
        """Return which files the device still needs: of those that this request has, whatever it says."""
        missing = [
            item.text() for item in Field(f"device {self.name}: missing", answer.get("missing", [])).items()
        ]
        if not set(missing) <= set(contents):
            raise BadInput(
                f"device {self.name}: asks for files that the request has not; its answer is refused"
            )
        return missing

    def _answered(self, verb: str, request: Mapping[str, object], pieces: Pieces) -> Answer:
        """Ask, again where the connection was lost: a measurement that is made twice does no harm."""
        message = {"verb": verb, **request, "pieces": [asdict(piece) for piece, _ in pieces]}
        arrays = {str(i): np.frombuffer(content, np.uint8) for i, (_, content) in enumerate(pieces)}
        for _ in range(LOSSES):
            try:
                return self._peer.ask(message, arrays, noted=self._noted)
            except PeerLostError as error:
                self._reach_again(error)
            except EdgeAttnError as error:
                raise type(error)(f"device {self.name}: {error}") from error
        raise DeviceLostError(
            f"device {self.name}: lost {LOSSES} times in this measurement, as where memory runs out; export "
            "a smaller model, or measure on a larger device"
        )

    def _reach_again(self, error: EdgeAttnError) -> None:
        end = time.monotonic() + self.patience
        words = error
        while (left := end - time.monotonic()) > 0:
            try:
                self._peer, self.device = self._started(silence=left)
            except _UnreachableError as again:
                words = again
                time.sleep(min(LOOK, max(0.0, end - time.monotonic())))
            else:
                self._peer.silence = self.patience
                return
        raise DeviceLostError(
            f"device {self.name}: gone in a measurement, and not back in {self.patience:.0f} s ({words}); "
            "give the same command again when it is: what was measured is kept"
        ) from error

    def _started(self, silence: float) -> tuple[Peer, Device]:
        """Start the process, and have it say what it is."""
        began = time.monotonic()
        try:
            peer = Peer(self._address.command, most=0, silence=silence)
        except OSError as error:
            raise BadInput(
                f"device {self.name}: {self._address.command[0]}: {error.strerror}; install it, or name "
                "another command"
            ) from error
        try:
            answer, _ = peer.ask({"verb": "describe"}, noted=self._noted)
            peer.most = ANSWER
            return peer, Device.described(self._address, answer)
        except PeerLostError as error:
            waited = time.monotonic() - began
            is_silent = error.code == -signal.SIGKILL and waited >= silence
            words = f"no answer in {waited:.0f} s" if is_silent else peer.last_words()
            raise _UnreachableError(self._why_unreachable(words)) from error
        except BaseException as error:
            peer.end()
            if isinstance(error, FrameError):
                raise BadInput(
                    f"device {self.name}: {error}; what its shell prints at login must go to stderr"
                ) from error
            raise

    def _why_unreachable(self, words: str) -> str:
        if any(each in words for each in _ABSENT):
            return f"device {self.name}: no edgeattn there ({words}); {self._address.remedy}"
        destination = self._address.destination
        way = f"its command in {devices_file()}" if destination is None else f"ssh {destination}"
        return f"device {self.name}: cannot be reached ({words}); check {way}"

    def _noted(self, note: object) -> None:
        """Say once that another host measures there; that the device is at work is no news."""
        if note == "waiting" and not self._has_noted:
            self._has_noted = True
            text = f"waiting: {self.name} is measuring for another host"
            warnings.warn(text, UserWarning, stacklevel=1)


class _UnreachableError(BadInput):
    """No process there answers."""
