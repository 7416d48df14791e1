"""WAV files that a reader takes, and those that it refuses: bytes, and the samples that they hold."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from graphs import Array

_PCM, _FLOAT, _ALAW, _EXTENSIBLE = 1, 3, 6, 0xFFFE  # formats
_GUID = bytes.fromhex("000000001000800000aa00389b71")  # what follows the format of an extensible one


@dataclass(frozen=True)
class Wav:
    """A file: what its header says, and its samples as bytes."""

    rate: int
    channels: int
    bits: int = 16
    kind: int = _PCM
    data: bytes = b""
    extensible: bool = False
    frame: int | None = None  # bytes; None for those of the channels
    told: int | None = None  # bytes of samples; None for all that are there
    before: bytes = b""  # chunks

    def __bytes__(self) -> bytes:
        return b"RIFF" + struct.pack("<I", 0) + b"WAVE" + self.before + self.format() + self.samples()

    def format(self) -> bytes:
        """Return the chunk of the format."""
        frame = self.channels * self.bits // 8 if self.frame is None else self.frame
        kind = _EXTENSIBLE if self.extensible else self.kind
        head = struct.pack("<HHIIHH", kind, self.channels, self.rate, self.rate * frame, frame, self.bits)
        more = struct.pack("<HHIH", 22, self.bits, 0, self.kind) + _GUID if self.extensible else b""
        return _chunk(b"fmt ", head + more)

    def samples(self) -> bytes:
        """Return the chunk of the samples."""
        return b"data" + struct.pack("<I", len(self.data) if self.told is None else self.told) + self.data


def wavs(rate: int, channels: int) -> Iterator[tuple[str, bytes, Array | None]]:
    """Yield names, files of 12 samples a channel, and the samples, (channels, 12); None where refused."""
    draw = np.random.default_rng(7)
    for bits in (8, 16, 24, 32):
        half = 2 ** (bits - 1)
        integers = draw.integers(-half, half, (12, channels))
        integers[0], integers[1] = -half, half - 1
        data = b"".join(_integer(int(value), bits) for value in integers.flat)
        samples = (integers.T / half).astype(np.float32)
        wav = Wav(rate, channels, bits, data=data)
        yield f"integers-{bits}.wav", bytes(wav), samples
        if bits == 24:
            yield "extensible-24.wav", bytes(replace(wav, extensible=True)), samples
        if bits == 16:
            yield "odd-chunk.wav", bytes(replace(wav, before=_chunk(b"LIST", b"odd"))), samples
            yield "behind.wav", bytes(wav) + _chunk(b"LIST", b"more"), samples
            yield from _broken(wav)
    floats = draw.uniform(-1, 1, (12, channels)).astype("<f4")
    wav = Wav(rate, channels, 32, _FLOAT, floats.tobytes())
    yield "floats-32.wav", bytes(wav), floats.T
    yield "extensible-floats.wav", bytes(replace(wav, extensible=True)), floats.T
    for name, value in (("beyond", 1.5), ("nan", np.nan), ("infinite", -np.inf)):
        floats[3] = value
        yield f"{name}.wav", bytes(replace(wav, data=floats.tobytes())), None


def _broken(wav: Wav) -> Iterator[tuple[str, bytes, None]]:
    whole = bytes(wav)
    files = {
        "empty": b"",
        "cut-header": whole[:30],
        "cut-samples": whole[:-3],
        "big-endian": b"RIFX" + whole[4:],
        "no-format": whole[:12] + wav.samples(),
        "format-behind": whole[:12] + wav.samples() + wav.format(),
        "no-samples": whole[:12] + wav.format(),
        "endless": bytes(replace(wav, told=2**32 - 1)),
        "half-a-frame": bytes(replace(wav, data=wav.data[:-1])),
        "none": bytes(replace(wav, data=b"")),
        "a-law": bytes(replace(wav, kind=_ALAW, bits=8)),
        "bits-12": bytes(replace(wav, bits=12)),
        "floats-64": bytes(replace(wav, kind=_FLOAT, bits=64)),
        "frames-unlike": bytes(replace(wav, frame=3)),
        "no-channel": bytes(replace(wav, channels=0, frame=2)),
        "twice-the-rate": bytes(replace(wav, rate=2 * wav.rate)),
    }
    for name, data in files.items():
        yield f"{name}.wav", data, None


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _integer(value: int, bits: int) -> bytes:
    return (value + (128 if bits == 8 else 0)).to_bytes(bits // 8, "little", signed=bits > 8)
