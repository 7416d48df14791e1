// The instruction set that the kernels use: one source is compiled for several, and the best of this CPU is
// taken.
#pragma once

#include <cstdint>
#include <vector>

#include "compiled_for.hpp"
//
#include "hwy/highway.h"
#include "products.hpp"

namespace edgeattn::kernels {

/// Returns Highway's targets (HWY_AVX2, ...) that are compiled in and that this CPU has, the best first.
const std::vector<std::int64_t>& targets();

/// Whether the CPU adds four products of 8 bits by one instruction beside what the target has: AVX-512 VNNI,
/// AVX-VNNI, or NEON's dot products.
bool has_dot_product(std::int64_t target);

/// Whether the CPU multiplies two rows by two columns of 8 bits by one instruction: Arm's i8mm.
bool has_i8mm();

/// Returns what a target can multiply by on this CPU.
Ways products_of(std::int64_t target);

/// Returns the place of a target in the table of COMPILED_FOR_TARGETS.
std::size_t table_index(std::int64_t target);

// In a file that foreach_target compiles, under HWY_ONCE: the function as each target has it, null where
// there is none.
//
//     constexpr auto* const kPack[] = COMPILED_FOR_TARGETS(pack);
//     kPack[table_index(targets().front())](...)
#if HWY_ARCH_X86
#define COMPILED_FOR_TARGETS(function)                                                  \
  {                                                                                     \
    HWY_CHOOSE_AVX3_DL(function), HWY_CHOOSE_AVX3(function), HWY_CHOOSE_AVX2(function), \
        HWY_CHOOSE_FALLBACK(function)                                                   \
  }
#elif HWY_ARCH_ARM_A64
#define COMPILED_FOR_TARGETS(function) \
  { HWY_CHOOSE_NEON_WITHOUT_AES(function) }
#else
#define COMPILED_FOR_TARGETS(function) \
  { HWY_CHOOSE_FALLBACK(function) }
#endif

}  // namespace edgeattn::kernels
