// The attention kernel: where the tensors of a call lie, and how they are combined.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "instruction_set.hpp"
#include "parallel.hpp"

namespace edgeattn::kernels {

/// The heads of a tensor, by strides in elements. The elements of a row lie together.
template <class T>
struct Heads {
  T* data = nullptr;
  std::size_t batch_stride = 0, head_stride = 0, row_stride = 0;

  T* at(std::size_t batch, std::size_t head, std::size_t row) const {
    return data + batch * batch_stride + head * head_stride + row * row_stride;
  }
};

/// Keys with their values: those of a cache, or those of this call.
struct KeySpan {
  Heads<const float> key, value;
  std::size_t length = 0;
};

/// Keys with their values in int8, each row with a scale: those of a cache, into which the call's own are
/// written.
struct Int8KeySpan {
  Heads<const std::int8_t> key, value;
  Heads<const float> key_scale, value_scale;  // a row holds one
  std::size_t length = 0;
};

/// What is added to the scores. A stride is 0 where the mask is broadcast.
struct Mask {
  enum class Kind { kNone, kAdditive, kBoolean };

  Kind kind = Kind::kNone;
  const void* data = nullptr;  // float, or bytes that are 0 where a key is hidden
  std::size_t batch_stride = 0, head_stride = 0, query_stride = 0;
  std::size_t length = 0;  // keys from here on are hidden
};

/// y = softmax(softcap(scale * q kᵀ) + mask) v, for each head.
struct AttentionCall {
  std::size_t batch = 0, heads = 0, queries = 0;
  std::size_t key_heads = 0;  // each is shared by heads / key_heads heads
  std::size_t head_size = 0, value_size = 0;
  Heads<const float> query;
  std::array<KeySpan, 2> spans;  // past, then new
  Int8KeySpan int8_span;         // in their place
  Mask mask;
  bool causal = false;  // query i sees the past and the new keys 0 to i
  float scale = 1, softcap = 0;
  Heads<float> y;
  Heads<float> present_key, present_value;  // both spans in one; without data where not wanted

  std::size_t keys() const { return spans[0].length + spans[1].length + int8_span.length; }
};

/// Computes y and the present keys and values.
///
/// Scores stay in blocks of bounded size, after Dao et al., "FlashAttention", 2022; the answer does not
/// depend on threads. A query that its mask shows no key to gets 0. Keys that causality or a short mask hides
/// are not read where a whole block of queries does not see them, so a NaN there need not spread as it does
/// in stock operators.
///
/// @throws Error where memory for a block is not to be had.
void attend(const AttentionCall& call, const Parallel& parallel, std::int64_t target = targets().front());

}  // namespace edgeattn::kernels
