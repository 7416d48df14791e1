// The key-value cache of a decoder.
#pragma once

#include "graph.hpp"

namespace edgeattn {

/// Throws InputError where a cache has no room for a call's tokens.
void check_room(const Generation& names, const Tensors& inputs);

/// Returns the room that a cache is given for `total` tokens: whole blocks, and at most the positions.
std::int64_t capacity_for(std::int64_t total, const Generation& names);

/// Throws InputError where a cache of `total` tokens in each of `batch` rows, which is moved one tensor at a
/// time, takes more memory than there is.
void check_memory(const Generation& names, const GraphSpec& decoder, std::int64_t total, std::int64_t batch);

/// Returns an empty cache with room for `capacity` tokens, and its length of 0.
Tensors empty_cache(const Generation& names, const GraphSpec& decoder, std::int64_t batch,
                    std::int64_t capacity);

}  // namespace edgeattn
