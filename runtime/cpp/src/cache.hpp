// The key-value cache of a decoder, and the decoder step by step.
#pragma once

#include "graph.hpp"

namespace edgeattn {

/// Throws InputError where a cache has no room for a call's tokens.
void check_room(const Generation& names, const Tensors& inputs);

/// Throws InputError where a cache of `total` tokens, which is moved one tensor at a time, takes more memory
/// than there is.
void check_memory(const Generation& names, const GraphSpec& decoder, std::int64_t total);

/// Returns an empty cache with room for `capacity` tokens, and its length of 0.
Tensors empty_cache(const Generation& names, const GraphSpec& decoder, std::int64_t batch,
                    std::int64_t capacity);

/// One sequence from an empty cache on: each call writes its tokens' keys and values into a cache that stays
/// in place.
class Stepper {
 public:
  /// `carried` is what the encoder gave; nothing for a decoder alone.
  Stepper(const Graph& decoder, const Generation& names, Tensors carried);

  /// Takes the next tokens; returns the logits at the last of them, which the next call overwrites.
  const float* step(const std::vector<std::int64_t>& tokens);

  std::int64_t vocabulary() const { return vocabulary_; }

 private:
  void make_room(std::int64_t total);

  const Graph& decoder_;
  const Generation& names_;
  Tensors fed_;  // carried, cache and length
  Tensor logits_;
  std::int64_t vocabulary_, held_ = 0, capacity_ = 0;
};

}  // namespace edgeattn
