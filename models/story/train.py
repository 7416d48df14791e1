"""Train the story transformer on Jane Austen's novels: `python models/story/train.py`."""

from __future__ import annotations

import json
import time

import ngram
import torch
from collect import chapters
from model import HERE, Config, StoryTransformer, bits_per_byte, encode
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR

SEED = 0
STAGES = ((256, 4, 6000), (1024, 1, 800))  # tokens, texts a step, steps: short texts first, then the longest
MATRIX_RATE = 0.02  # of learning, with Muon
VECTOR_RATE = 5e-3  # of learning, with Adam
WARM_UP = 40  # steps
ORDERS = (5, 8)  # of the n-grams to beat: the usual one, and the best on this text


def vocabulary(text: str) -> Tokenizer:
    """Learn byte-level pieces by pair merges (Sennrich et al. 2016) from `text`."""
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=Config.vocabulary,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    pieces.train_from_iterator(text.splitlines(keepends=True), trainer)
    return pieces


def optimizers(network: StoryTransformer) -> list[torch.optim.Optimizer]:
    """Return Muon for the blocks' matrices (Jordan et al. 2024) and AdamW for the embedding and the norms."""
    matrices = [weight for weight in network.blocks.parameters() if weight.ndim == 2]
    chosen = set(matrices)
    others = [weight for weight in network.parameters() if weight not in chosen]
    return [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.1),
        torch.optim.AdamW(others, lr=VECTOR_RATE, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train(network: StoryTransformer, tokens: Tensor) -> None:
    """Fit `network` to the text `tokens`, int64 (N), in place."""
    steps = [(length, texts) for length, texts, count in STAGES for _ in range(count)]
    both = optimizers(network)
    schedules = [
        LambdaLR(each, lambda step: min((step + 1) / WARM_UP, 1.0) * (1 - step / len(steps))) for each in both
    ]
    for step, (length, texts) in enumerate(steps):
        starts = torch.randint(0, len(tokens) - length, (texts, 1))
        text = tokens[starts + torch.arange(length + 1)]  # (texts, length + 1)
        logits = network(text[:, :-1])["logits"]
        loss = cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten())
        network.zero_grad()
        loss.backward()
        for optimizer, schedule in zip(both, schedules, strict=True):
            optimizer.step()
            schedule.step()
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}/{len(steps)}: loss {loss.item():.3f}", flush=True)


def baselines(text: str, held_out: str) -> dict[str, float]:
    """Return the bits per byte of Kneser-Ney n-grams of each order, trained on the same `text`."""
    return {
        f"{order}-gram": ngram.bits_per_byte(ngram.fit(text.encode(), order), held_out.encode())
        for order in ORDERS
    }


def main() -> None:
    """Write the held-out text, the vocabulary, the weights and the scores; print the scores."""
    torch.set_num_threads(1)  # the same sums in the same order: the weights can be made again
    torch.manual_seed(SEED)
    started = time.process_time()
    text, held_out = chapters()
    (HERE / "held_out.txt").write_text(held_out, encoding="utf-8")
    vocabulary(text).save(str(HERE / "tokenizer.json"))
    scores = baselines(text, held_out)
    network = StoryTransformer(Config())
    train(network, encode(text)[0])
    scores["transformer"] = bits_per_byte(network.eval(), held_out)
    save_file(network.state_dict(), HERE / "weights.safetensors")
    (HERE / "scores.json").write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    for name, bits in scores.items():
        print(f"{name}: {bits:.3f} bits per byte")
    print(f"{time.process_time() - started:.0f} s of one core")


if __name__ == "__main__":
    main()
