"""The arguments that config.json may give to a network of timm: of what it is built, and nothing to open.

``timm.create_model`` takes others as well, which fetch or unpickle weights: ``pretrained``,
``checkpoint_path``, ``pretrained_cfg``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ARGUMENTS = {
    # what it takes and gives
    *("img_size", "in_chans", "patch_size", "num_classes", "global_pool", "dynamic_img_size"),
    *("dynamic_img_pad", "strict_img_size", "features_only", "out_indices", "output_stride"),
    # sizes
    *("embed_dim", "embed_dims", "dim", "dims", "depth", "depths", "layers", "channels", "widths"),
    *("num_heads", "num_kv_heads", "head_dim", "key_dim", "head_hidden_size", "mlp_ratio"),
    *("mlp_ratios", "attn_ratio", "expand_ratio", "num_features", "stem_size", "stem_width"),
    *("stem_type", "kernel_size", "window_size", "window_ratio", "window_sizes"),
    *("pretrained_window_sizes", "sr_ratios", "ref_feat_shape"),
    # parts
    *("act_layer", "norm_layer", "norm_eps", "qkv_bias", "qkv_fused", "qk_norm", "proj_bias"),
    *("attn_type", "init_values", "ls_init_value", "layer_scale_init_value", "head_init_scale"),
    *("pre_norm", "final_norm", "fc_norm", "patch_norm", "use_fc_norm", "head_norm_first"),
    *("class_token", "reg_tokens", "num_reg_tokens", "no_embed_class", "pos_embed", "use_abs_pos_emb"),
    *("use_rel_pos_bias", "use_shared_rel_pos_bias", "use_rot_pos_emb", "rope_type"),
    *("rope_temperature", "rope_theta", "rope_mixed_mode", "swiglu_mlp", "scale_mlp"),
    *("scale_attn_inner", "always_partition", "distilled", "weight_init", "fix_init", "conv_mlp"),
    "use_grn",
    # of training
    *("drop_rate", "drop_path_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate"),
    "attn_drop_rate",
}
NETWORK = re.compile(r"[\w.]+")  # of timm's own; "hf-hub:OWNER/NAME" and "local-dir:PATH" are other places


def check_arguments(key: str, arguments: Mapping[str, Any]) -> None:
    """Check that arguments build a network, and do no more.

    Raises:
        ValueError: One may do something else.
    """
    for name in arguments:
        if name not in ARGUMENTS:
            raise ValueError(
                f"config.json: {key}.{name} found, the sizes and parts of a network expected, such as "
                "embed_dim; remove it, or write a model file"
            )


def check_network(key: str, name: object) -> None:
    """Check that a name is a network of timm.

    Raises:
        ValueError: It may name a repository or a folder.
    """
    if not isinstance(name, str) or not NETWORK.fullmatch(name):
        raise ValueError(
            f"config.json: {key} {name} found, the name of a network of timm expected, such as resnet50: "
            "nothing is fetched, and nothing is read outside of the folder"
        )
