from __future__ import annotations

import pytest
from hub.shrinking import EXPERTS, HEAD, HEADS, VOCABULARY, WIDTH, Plan, shrunk


def test_a_width_stays_heads_times_a_heads_width() -> None:
    small = shrunk({"hidden_size": 4096, "num_attention_heads": 32, "head_dim": 128}, Plan(1))
    assert small == {"hidden_size": WIDTH, "num_attention_heads": HEADS, "head_dim": HEAD}
    assert WIDTH == HEADS * HEAD


def test_grouped_heads_stay_fewer_than_query_heads() -> None:
    assert shrunk({"num_key_value_heads": 8}, Plan(1)) == {"num_key_value_heads": HEADS // 2}
    assert shrunk({"num_key_value_heads": 32}, Plan(1)) == {"num_key_value_heads": HEADS}


def test_lists_of_widths_keep_their_ratios_and_stages() -> None:
    small = shrunk({"embed_dims": (64, 128, 256), "num_heads": (1, 2, 4), "depths": (3, 6, 3)}, Plan(1))
    assert small == {"embed_dims": (8, 16, 32), "depths": (2, 1, 1)}


def test_tokens_of_images_stay_apart_and_within_the_vocabulary() -> None:
    small = shrunk({"vocab_size": 152000, "image_token_id": 151655, "video_token_id": 151656}, Plan(1))
    tokens = {small["image_token_id"], small["video_token_id"]}
    assert small["vocab_size"] == VOCABULARY
    assert len(tokens) == 2
    assert all(isinstance(token, int) and token < VOCABULARY for token in tokens)


def test_a_plan_says_how_many_layers_there_are_and_whether_widths_shrink() -> None:
    fields = {"num_hidden_layers": 24, "num_experts": 64, "hidden_size": 1024}
    shallow = {"num_hidden_layers": 2, "num_experts": EXPERTS}
    assert shrunk(fields, Plan(2, narrow=False)) == shallow
    assert shrunk(fields, Plan(2)) == {**shallow, "hidden_size": WIDTH}


def test_experts_that_do_nothing_are_few_too() -> None:
    assert shrunk({"n_routed_experts": 512, "zero_expert_num": 256}, Plan(1)) == {
        "n_routed_experts": EXPERTS,
        "zero_expert_num": EXPERTS,
    }


@pytest.mark.parametrize(("patch", "side"), [(16, 64), (14, 56), (4, 64)])
def test_an_image_has_a_few_patches(patch: int, side: int) -> None:
    assert shrunk({"image_size": 224, "patch_size": patch}, Plan(1)) == {"image_size": side}


def test_what_is_small_or_no_size_stays() -> None:
    assert shrunk({"hidden_size": 8, "use_bias": True, "act": "gelu", "head_dim": None}, Plan(1)) == {}
