// From the tensors of a node to a call of the kernel: every dimension is checked here, and nowhere later.
#pragma once

#include <cstdint>

#include "attention_kernel.hpp"
#include "engine.hpp"
#include "shape.hpp"

namespace edgeattn::kernels {

/// Inputs of ONNX's Attention, opset 23. Without key and value, the query holds all three side by side.
struct AttentionInputs {
  Tensor query, key, value, mask, past_key, past_value;
};

/// Inputs of Int8Attention: keys and values in int8, (batch, heads, length, size), and a scale for each row.
struct Int8AttentionInputs {
  Tensor query, key, key_scale, value, value_scale, mask;
};

struct AttentionAttributes {
  std::int64_t query_heads = 0, key_heads = 0;  // 0: as the tensors of rank 4 say
  bool causal = false;
  float scale = 0;    // 0: 1 / sqrt(head size)
  float softcap = 0;  // 0: none
};

struct AttentionLayout {
  AttentionCall call;  // without outputs
  Shape y, present_key, present_value;

  /// Binds the outputs; those of the present may be null.
  void bind(float* y_data, float* present_key_data, float* present_value_data);
};

/// Returns how a node's tensors are to be combined.
///
/// @throws Error where types or dimensions do not fit, or a size does not fit into memory.
AttentionLayout lay_out(const AttentionInputs& inputs, const AttentionAttributes& attributes);
AttentionLayout lay_out(const Int8AttentionInputs& inputs, const AttentionAttributes& attributes);

}  // namespace edgeattn::kernels
