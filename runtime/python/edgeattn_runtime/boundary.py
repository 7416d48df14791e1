r"""The boundary around the libraries of others: what they raise leaves it as an error of edgeattn's own tree.

    library      where                   raises                                          leaves as
    onnxruntime  session.py              its statuses; UnicodeDecodeError, of a name     BundleError
                                         in a message
                                         RuntimeError and ValueError, of options         Incompatible...
                 graph_session.py        the same                                        Bundle-, InputError
    tokenizers   tokenizer.py, the file  Exception; PanicException, a BaseException      BundleError
                 encoding.py, each text  the same                                        InputError
                 text.py, its ids        numpy's OverflowError                           BundleError
    Pillow       image.py                OSError, SyntaxError, ValueError, struct.error, InputError
                                         DecompressionBombError, OverflowError
    numpy        kv_cache, buckets ...    ValueError of a size                            BundleError
                 npz.py                  ValueError, SyntaxError, zipfile.BadZipFile,    InputError
                                         zlib.error, MemoryError of a header's petabytes
    safetensors  golden.py               SafetensorError; AttributeError, KeyError,      BundleError
                                         TypeError of a dtype that numpy lacks
                 frames.py               the same                                        FrameError
    wave         audio.py                wave.Error, EOFError, RuntimeError              InputError
    all          all                     MemoryError, bad_alloc, OSError of open files   ResourceError
                                         or of a full disk

Other errors of a row's library leave as the same type: a boundary lets pass only edgeattn's own errors, and
interrupts.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from types import TracebackType

from edgeattn_runtime.errors import EdgeAttnError, ResourceError
from edgeattn_runtime.legible import one_line, shortened

READ = 4096  # characters of a foreign text that are looked at: a graph's names in it may be of any length
REASON = 300  # characters of it that are reported

_PANICS = "pyo3_runtime"  # the module of what a library in Rust raises where it panics: no Exception
_PREAMBLE = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : "  # onnxruntime's code
    r"|Load model from .*? failed:"
    # A file of its sources, the line, a signature. It begins a word, or else each letter would be tried.
    r"|(?:(?<!\S)|(?<=failed:))\S+\.(?:cc|h):\d+ (?:[^(]*\(.*?\) (?=[A-Z])|[\w:&*<>, ~]*\([^()]*\) )?"
)

_LACKS = {
    errno.ENOMEM: "memory",
    errno.EMFILE: "file descriptors",
    errno.ENFILE: "file descriptors",
    errno.ENOSPC: "space on the disk",
    errno.EDQUOT: "space on the disk",
}
# As libraries say it that raise other classes: in words of their own, or of the system.
_WORDS = {
    "Failed to allocate memory": "memory",
    "bad allocation": "memory",
    "bad_alloc": "memory",
    "No usable temporary directory": "temporary folders",  # Python's own words
    **{os.strerror(number): lack for number, lack in _LACKS.items()},
}
_REMEDIES = {
    "memory": "free some, or take a smaller model or fewer inputs at a time",
    "file descriptors": "close files, or raise the limit (ulimit -n)",
    "space on the disk": "free some, or set TMPDIR to a folder on another disk",
    "temporary folders": "free space on their disk, or set TMPDIR to a folder that may be written",
}


class Boundary:
    """Around calls of one library: what these raise leaves as what ``translate`` makes of it.

    Errors of edgeattn's own pass, as do interrupts.
    """

    __slots__ = ("_translate",)

    def __init__(self, translate: Callable[[BaseException], EdgeAttnError]) -> None:
        self._translate = translate

    def __enter__(self) -> None:
        """Begin it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it; raises what ``translate`` returns."""
        if error is not None and _is_foreign(error):
            raise self._translate(error) from error


def refusing(kind: type[EdgeAttnError], subject: str, finding: str, remedy: str) -> Boundary:
    """Return the boundary out of which ``SUBJECT: FINDING (the library's reason); REMEDY`` comes.

    It is a ``kind``, or a ResourceError where the machine lacks something.
    """

    def translate(error: BaseException) -> EdgeAttnError:
        lack = lacking(error)
        if lack is not None:
            return shortage(subject, lack, error)
        return kind(f"{subject}: {finding} ({reason_of(error)}); {remedy}")

    return Boundary(translate)


def reason_of(error: BaseException) -> str:
    """Return a foreign error's reason as one short line, without onnxruntime's code and source file."""
    return one_line(_PREAMBLE.sub("", text_of(error)), REASON) or type(error).__name__


def text_of(error: BaseException) -> str:
    """Return what a foreign error says as one line, of which no more than its two ends are read."""
    if isinstance(error, OSError) and error.strerror:  # without its number, and the file that the line names
        return one_line(error.strerror, READ)
    if isinstance(error, UnicodeDecodeError):  # the bindings could not read the message itself
        return one_line(error.object[-READ:].decode(errors="replace"), READ)
    return one_line(shortened(str(error), READ), READ)


def lacking(error: BaseException) -> str | None:
    """Return what the machine lacks by a foreign error, such as "memory"; None where it lacks nothing."""
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno in _LACKS:
        return _LACKS[error.errno]
    text = text_of(error)
    return next((lack for words, lack in _WORDS.items() if words in text), None)


def shortage(subject: str, lack: str, error: BaseException) -> ResourceError:
    """Return the error that says what the machine lacks."""
    return ResourceError(f"{subject}: out of {lack} ({reason_of(error)}); {_REMEDIES[lack]}")


def _is_foreign(error: BaseException) -> bool:
    if isinstance(error, EdgeAttnError):
        return False
    return isinstance(error, Exception) or type(error).__module__ == _PANICS
