"""Records what encoder-decoder.edge is of: graphs that the exporter writes, and what PyTorch generates.

    python tests/runtime/record_translator.py    # needs edgeattn[export]; then make.py --record

The exporter chooses forms by measuring, so that another machine may write other graphs: they are kept.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import torch
import translator
from torch import Tensor, nn

import edgeattn

RECORDED = Path(__file__).parents[2] / "runtime" / "conformance" / "recorded" / "encoder-decoder"

STARTS = {  # by source; the last is padded
    (1, 10, 1, 3, 13, 1): (6,),
    (11, 14): (13,),
    (10, 1): (12, 3),
    (14, 8, 11, 13, translator.PADDING): (5,),
}
CLEAR = 0.08  # by how much the greedy token must lead, in logits: int8 rounds by a tenth of it


def main() -> None:
    """Write the bundle's graphs contract and golden vectors, and PyTorch's tokens."""
    net = translator.model()
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "translator.edge"
        edgeattn.export(net, list(translator.samples()), budget={"cosine": 0.999}).save(saved)
        RECORDED.mkdir(exist_ok=True)
        for file in ("decoder.onnx", "encoder.onnx", "golden.safetensors"):
            shutil.copy(saved / file, RECORDED / file)
        manifest = json.loads((saved / "manifest.json").read_text("utf-8"))
    contract = {key: manifest[key] for key in ("graphs", "symbols", "generation")}
    (RECORDED / "contract.json").write_text(json.dumps(contract) + "\n", encoding="utf-8")
    runs = [_run(net, source, start) for source, start in STARTS.items()]
    (RECORDED / "tokens.json").write_text(json.dumps(runs) + "\n", encoding="utf-8")


def _run(net: nn.Module, source: tuple[int, ...], start: tuple[int, ...]) -> dict[str, list[int]]:
    """Return a greedy run, as far as its tokens are clear and the positions reach."""
    tokens = list(start)
    while len(tokens) <= translator.LONGEST:
        likeliest = _logits(net, source, tokens).topk(2)
        if likeliest.values[0] - likeliest.values[1] < CLEAR:
            break
        tokens.append(int(likeliest.indices[0]))
    return {"prompt": list(source), "start": list(start), "tokens": tokens[len(start) :]}


@torch.no_grad()
def _logits(net: nn.Module, source: tuple[int, ...], tokens: list[int]) -> Tensor:
    logits: Tensor = net(torch.tensor([source]), torch.tensor([tokens]))["logits"]
    return logits[0, -1]


if __name__ == "__main__":
    main()
