from __future__ import annotations

from types import ModuleType

import pytest
import torch
from model_file import load

HELD_OUT = 360
ACCURACY = 0.97


@pytest.fixture(scope="module")
def digits() -> ModuleType:
    return load("digits")


def test_reads_the_held_out_digits(digits: ModuleType) -> None:
    network = digits.model()
    assert not network.training
    with torch.inference_mode():
        scores = [digits.metric(network(**inputs), target) for inputs, target in digits.samples()]
    assert len(scores) == HELD_OUT
    assert sum(scores) / len(scores) >= ACCURACY


def test_a_batch_is_read_as_its_images_are(digits: ModuleType) -> None:
    network = digits.model()
    images = [inputs["image"] for inputs, _ in digits.samples()][:8]
    with torch.inference_mode():
        alone = torch.cat([network(image=image)["logits"] for image in images])
        together = network(image=torch.cat(images))["logits"]
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


def test_samples_are_single_images_of_ink_from_0_to_1(digits: ModuleType) -> None:
    for inputs, target in digits.samples():
        image = inputs["image"]
        assert (image.shape, image.dtype) == ((1, 1, 8, 8), torch.float32)
        assert image.min() >= 0
        assert 0.5 < image.max() <= 1
        assert (target.shape, target.dtype) == ((1,), torch.int64)


def test_the_metric_counts_right_answers(digits: ModuleType) -> None:
    logits = torch.eye(10)[[7, 2]]
    assert digits.metric({"logits": logits}, torch.tensor([7, 3])) == 0.5


def test_pretty_names_the_digit_and_its_certainty(digits: ModuleType) -> None:
    logits = torch.zeros(1, 10)
    logits[0, 7] = 100.0
    assert digits.pretty({"logits": logits}) == "7 (100 %)"
