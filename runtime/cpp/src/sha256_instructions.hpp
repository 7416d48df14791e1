// SHA-256 by instructions that many CPUs have for it: some five times as fast.
#pragma once

#include <cstddef>
#include <cstdint>

namespace edgeattn {

/// Takes blocks of 64 bytes into the eight words of a state.
using Sha256Blocks = void (*)(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count);

/// Returns what does it on this CPU; null on one without such instructions.
Sha256Blocks sha256_instructions();

}  // namespace edgeattn
