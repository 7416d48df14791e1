"""Train the speech recognizer on phrases that espeak-ng speaks: `python models/dictation/train.py`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from statistics import fmean

import torch
from errors import character_error
from model import CHARACTERS, FIRST_CHARACTER, HERE, PAD, decode_text, encode_text, greedy, untrained
from phrases import phrases
from safetensors.torch import save_file
from sound import decoded, encoded, features
from speech_transformer import SpeechTransformer, padding_mask
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, ctc_loss, log_softmax
from torch.nn.utils.rnn import pad_sequence
from torch.optim.lr_scheduler import LambdaLR
from voices import recorded

SEED = 0
TRAIN, VALIDATION, TEST = 6000, 300, 300  # phrases
KEPT = 160  # of the test's, as samples
SPEAKERS = 4  # at once
ROUNDS = (1200, 700)  # steps; in each the learning rates rise, and fall to zero
BATCH = 32
BUCKET = 16  # batches cut of one sorted draw: alike in length, so that little is padding
MATRIX_RATE = 0.02  # of learning, with Muon
VECTOR_RATE = 3e-3  # of learning, with Adam
WARM_UP = 50  # steps
LABEL_SMOOTHING = 0.1
ALIGNED = 0.5  # weight of the encoder's own loss, which teaches it what was said when
HIDDEN_BANDS, HIDDEN_TOKENS = 8, 4  # the most that is masked at once (SpecAugment, Park et al. 2019)
REPORT = 50  # steps whose mean loss makes a line

Spoken = tuple[Tensor, Tensor]  # features, (1, S, 160), and ids from START to END, (1, T + 1)


def speak(phrases: list[str], draw: Random) -> list[Tensor]:
    """Return each phrase as recorded, float32 (samples,)."""
    draws = [Random(draw.getrandbits(32)) for _ in phrases]  # each its own: they are spoken at once
    with ThreadPoolExecutor(SPEAKERS) as pool:
        return list(pool.map(recorded, phrases, draws))


def pairs(phrases: list[str], audio: list[Tensor]) -> list[Spoken]:
    """Return what is heard with what is to be spelled."""
    return [(features(each), encode_text(phrase)) for each, phrase in zip(audio, phrases, strict=True)]


def padded(rows: list[Tensor]) -> Tensor:
    """Stack rows, each (1, T, ...), with zeros after the shorter ones: (B, T, ...)."""
    return pad_sequence([row[0] for row in rows], batch_first=True, padding_value=PAD)


def batches(spoken: list[Spoken], draw: Random) -> Iterator[Spoken]:
    """Yield batches of sounds, (B, S, 160), and texts, (B, T + 1), without end."""
    while True:
        bucket = sorted(draw.sample(spoken, BATCH * BUCKET), key=lambda pair: pair[0].size(1))
        for start in draw.sample(range(0, len(bucket), BATCH), BUCKET):
            sounds, texts = zip(*bucket[start : start + BATCH], strict=True)
            yield padded(list(sounds)), padded(list(texts))


def hidden(sound: Tensor, draw: Random) -> Tensor:
    """Return `sound` (B, S, 160) with some bands and some tokens muted, the same in all rows."""
    muted = sound.unflatten(-1, (4, -1)).clone()  # (B, S, 4, bands)
    band, token = draw.randrange(muted.size(3)), draw.randrange(muted.size(1))
    muted[..., band : band + draw.randint(0, HIDDEN_BANDS)] *= 0.01
    muted[:, token : token + draw.randint(0, HIDDEN_TOKENS)] *= 0.01
    return muted.flatten(2)


def optimizers(network: SpeechTransformer, head: nn.Module) -> list[torch.optim.Optimizer]:
    """Return Muon for the blocks' matrices (Jordan et al. 2024) and AdamW for all else."""
    blocks = (*network.encoder.blocks.parameters(), *network.decoder.blocks.parameters())
    matrices = [weight for weight in blocks if weight.ndim == 2]
    chosen = set(matrices)
    others = [weight for weight in network.parameters() if weight not in chosen] + list(head.parameters())
    return [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.05),
        torch.optim.AdamW(others, lr=VECTOR_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]


def losses(network: SpeechTransformer, head: nn.Linear, sound: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
    """Return the decoder's loss, and the encoder's with a head of its own (CTC, Graves et al. 2006)."""
    mask = padding_mask(sound)
    with torch.autocast("cpu", torch.bfloat16):  # half the time
        memory = network.encoder(sound)
        scores = network.decoder(text[:, :-1], memory, mask)
        aligned = head(memory)
    spelled = cross_entropy(
        scores.float().flatten(0, 1), text[:, 1:].flatten(), ignore_index=PAD, label_smoothing=LABEL_SMOOTHING
    )
    letters = text[:, 1:]  # behind START; END is a letter too
    lasts = (~mask[:, 0, 0]).sum(dim=1), (letters != PAD).sum(dim=1)
    aligned = log_softmax(aligned.float(), dim=-1).transpose(0, 1)  # (S, B, V)
    return spelled, ctc_loss(aligned, letters, *lasts, blank=PAD, zero_infinity=True)


def train(network: SpeechTransformer, examples: Iterator[Spoken], steps: int, draw: Random) -> None:
    """Fit `network` to as many batches as there are `steps`, in place."""
    head = nn.Linear(network.encoder.norm.normalized_shape[0], FIRST_CHARACTER + len(CHARACTERS))
    both = optimizers(network, head)
    schedules = [
        LambdaLR(each, lambda step: min((step + 1) / WARM_UP, 1.0) * (1 - step / steps)) for each in both
    ]
    seen: deque[tuple[float, float]] = deque(maxlen=REPORT)
    for step in range(1, steps + 1):
        sound, text = next(examples)
        spelled, aligned = losses(network, head, hidden(sound, draw), text)
        seen.append((spelled.item(), aligned.item()))
        for each in both:
            each.zero_grad()
        (spelled + ALIGNED * aligned).backward()
        for optimizer, schedule in zip(both, schedules, strict=True):
            optimizer.step()
            schedule.step()
        if step % REPORT == 0:
            means = " and ".join(f"{fmean(each):.3f}" for each in zip(*seen, strict=True))
            print(f"step {step}/{steps}: losses {means}", flush=True)


def spelled(network: SpeechTransformer, spoken: list[Spoken]) -> list[str]:
    """Return what `network` spells of each."""
    parts = [spoken[start : start + BATCH] for start in range(0, len(spoken), BATCH)]
    return [
        decode_text(row) for part in parts for row in greedy(network, padded([sound for sound, _ in part]))
    ]


def spoken(count: int, part: str, draw: Random) -> tuple[list[str], list[Tensor]]:
    """Return phrases of a part, and how they are said, as 8-bit codes (samples,)."""
    asked = phrases(count, part, draw)
    return asked, [encoded(audio) for audio in speak(asked, draw)]


def judge(network: SpeechTransformer, asked: list[str], audio: list[Tensor]) -> str:
    """Say how well `network` spells what was `asked`."""
    answers = spelled(network, pairs(asked, [decoded(codes) for codes in audio]))
    right = sum(map(str.__eq__, answers, asked))
    return f"character error {character_error(answers, asked):.2%}, {right} of {len(asked)} phrases right"


def main() -> None:
    """Train, print the character error on phrases never heard, write the weights and recordings of some."""
    torch.set_num_threads(1)  # the same sums in the same order: the weights can be made again
    torch.manual_seed(SEED)
    draw = Random(SEED)
    started = time.process_time()
    known = phrases(TRAIN, "train", draw)
    heard = pairs(known, speak(known, draw))
    network = untrained()
    examples = batches(heard, draw)
    for steps in ROUNDS:
        train(network, examples, steps, draw)
    network.eval()
    print(f"validation: {judge(network, *spoken(VALIDATION, 'validation', draw))}", flush=True)
    asked, audio = spoken(TEST, "test", draw)
    print(f"test: {judge(network, asked, audio)}; {time.process_time() - started:.0f} s of one core")
    save_file(network.state_dict(), HERE / "weights.safetensors")
    kept = audio[:KEPT]
    lengths = torch.tensor([len(codes) for codes in kept])
    save_file({"audio": torch.cat(kept), "samples": lengths}, HERE / "recordings.safetensors")
    (HERE / "phrases.txt").write_text("\n".join(asked[:KEPT]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
