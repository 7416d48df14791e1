"""An ONNX file read field by field, as protobuf writes it: of a large file only what is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import BinaryIO, Final

from edgeattn_runtime.errors import BundleError

DEEPEST: Final = 100  # messages in one another, as protobuf itself has it
_LONGEST: Final = 4096  # bytes of a text
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5  # how a field is written


class WireReader:
    """Reads fields from a file's beginning on. Each method raises BundleError where it is no ONNX message.

    Attributes:
        end: Where the file ends, in bytes.
    """

    def __init__(self, file: BinaryIO, label: str) -> None:
        self._file, self._label = file, label
        self.end = file.seek(0, SEEK_END)
        file.seek(0, SEEK_SET)

    @property
    def place(self) -> int:
        """Where the next byte lies."""
        return self._file.tell()

    def fields(self, end: int) -> Iterator[tuple[int, int]]:
        """Yield each field that has a length: its number, and the bytes that the caller reads or skips."""
        while self._file.tell() < end:
            number, size = self._field(end)
            if size is not None:
                yield number, size

    def text(self, size: int) -> str:
        """Read a text of so many bytes."""
        if size > _LONGEST:
            raise self.broken()
        return self._file.read(size).decode("utf-8", "replace")

    def skip(self, size: int) -> None:
        """Pass over so many bytes."""
        self._file.seek(size, SEEK_CUR)

    def broken(self) -> BundleError:
        """Return the error of what is no ONNX message."""
        return BundleError(f"{self._label}: no message of ONNX found; export the model again")

    def _field(self, end: int) -> tuple[int, int | None]:
        """Return a field's number and, where it has a length, how many bytes of it follow."""
        tag = self._varint()
        number, kind = tag >> 3, tag & 7
        size = None
        if kind == _VARINT:
            self._varint()
        elif kind in (_FIXED32, _FIXED64):
            self._file.seek(4 if kind == _FIXED32 else 8, SEEK_CUR)
        elif kind == _LENGTH:
            size = self._varint()
        kinds = (_VARINT, _FIXED64, _LENGTH, _FIXED32)
        if tag >= 2**32 or kind not in kinds or self._file.tell() + (size or 0) > end:
            raise self.broken()
        return number, size

    def _varint(self) -> int:
        number = 0
        for shift in range(0, 70, 7):
            byte = self._file.read(1)
            if not byte:
                break
            number |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80 and number < 2**64:
                return number
        raise self.broken()
