// How many products of 8 bits one instruction adds up: pairs by every CPU, groups of four by those with dot
// products.
#if defined(EDGEATTN_DOT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_DOT_INL_H
#undef EDGEATTN_DOT_INL_H
#else
#define EDGEATTN_DOT_INL_H
#endif

#include <cstdint>
#include <cstring>

#include "floats-inl.h"
#include "hwy/highway.h"
#include "products.hpp"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Ints = hn::RebindToSigned<Floats>;
using Shorts = hn::Repartition<std::int16_t, Ints>;
using Bytes = hn::Repartition<std::int8_t, Ints>;
using IntVector = hn::Vec<Ints>;

// A tile is kRows rows by kVectors vectors of columns: its sums, the weights of one step and an activation
// fill the registers. An instruction takes the activations of kTogether rows, `to_second` values apart.

/// Activations and weights in 16 bits, two products a lane. The weights are widened as they are loaded.
struct Pairs {
  using Value = std::int16_t;
  static constexpr Products kProducts = Products::kPairs;
  static constexpr std::size_t kGroup = 2, kTogether = 1;
  // What the stored inner width and rows are multiples of.
  static constexpr std::size_t kInner = kGroup, kStoredRows = 1;
  static constexpr std::int32_t kOffset = 0;  // of a stored activation, beside its zero point's
  static constexpr bool kCentered = true;     // activations are stored less their zero point
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  static constexpr std::size_t kVectors = 3, kRows = 8;
#else
  static constexpr std::size_t kVectors = 2, kRows = 6;
#endif

  // NEON adds the two halves of a product to sums of their own, and these at the end; x86 leaves `second`
  // alone.
  struct Sum {
    IntVector first, second;
  };

  static HWY_INLINE Sum zero() { return {hn::Zero(Ints()), hn::Zero(Ints())}; }
  static HWY_INLINE hn::Vec<Shorts> load(const std::int8_t* weights) {
    return hn::PromoteTo(Shorts(), hn::LoadU(hn::Rebind<std::int8_t, Shorts>(), weights));
  }
  static HWY_INLINE hn::Vec<Shorts> broadcast(const Value* activations, std::size_t /*to_second*/) {
    std::int32_t two;
    std::memcpy(&two, activations, sizeof two);
    return hn::BitCast(Shorts(), hn::Set(Ints(), two));
  }
  static HWY_INLINE void add(Sum& sum, hn::Vec<Shorts> activations, hn::Vec<Shorts> weights) {
    sum.first = hn::ReorderWidenMulAccumulate(Ints(), activations, weights, sum.first, sum.second);
  }
  static HWY_INLINE IntVector total(const Sum* sum, std::size_t /*row*/) {
    return hn::RearrangeToOddPlusEven(sum->first, sum->second);
  }
};

/// Activations and weights in 8 bits, four products a lane: VNNI (activations without a sign) or NEON's sdot
/// (with one).
struct Quads {
  static constexpr Products kProducts = Products::kQuads;
  static constexpr std::size_t kGroup = 4, kTogether = 1;
  static constexpr std::size_t kInner = kGroup, kStoredRows = 1;
  static constexpr bool kCentered = false;
#if HWY_ARCH_X86
  using Value = std::uint8_t;
  static constexpr std::int32_t kOffset = 0;
#else
  using Value = std::int8_t;
  static constexpr std::int32_t kOffset = -128;
#endif
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  static constexpr std::size_t kVectors = 3, kRows = 8;
#elif HWY_ARCH_ARM_A64
  static constexpr std::size_t kVectors = 4, kRows = 6;
#else
  static constexpr std::size_t kVectors = 2, kRows = 6;
#endif
  using Values = hn::Repartition<Value, Ints>;
  using Sum = IntVector;

  static HWY_INLINE Sum zero() { return hn::Zero(Ints()); }
  static HWY_INLINE hn::Vec<Bytes> load(const std::int8_t* weights) { return hn::LoadU(Bytes(), weights); }
  static HWY_INLINE hn::Vec<Values> broadcast(const Value* activations, std::size_t /*to_second*/) {
    std::int32_t four;
    std::memcpy(&four, activations, sizeof four);
    return hn::BitCast(Values(), hn::Set(Ints(), four));
  }
  // Highway's target decides what the compiler may use; these two need no more than the CPU has, which is
  // asked first.
  static HWY_INLINE void add(Sum& sum, hn::Vec<Values> activations, hn::Vec<Bytes> weights) {
#if HWY_TARGET == HWY_AVX3
    asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(activations.raw), "v"(weights.raw));
#elif HWY_TARGET == HWY_AVX2
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum.raw) : "x"(activations.raw), "x"(weights.raw));
#elif HWY_ARCH_ARM_A64
    asm(".arch_extension dotprod\n\tsdot %0.4s, %1.16b, %2.16b"
        : "+w"(sum.raw)
        : "w"(activations.raw), "w"(weights.raw));
#else
    sum = hn::SumOfMulQuadAccumulate(Ints(), activations, weights, sum);
#endif
  }
  static HWY_INLINE IntVector total(const Sum* sum, std::size_t /*row*/) { return *sum; }

  /// Returns the weights of a vector of columns for the value `i` of a group.
  static HWY_INLINE IntVector column(const std::int8_t* group, std::size_t i) {
    return highest_byte(hn::Shl(hn::BitCast(Ints(), load(group)), left_of(i)));
  }

 protected:
  static HWY_INLINE IntVector left_of(std::size_t i) {
    return hn::Set(Ints(), static_cast<std::int32_t>(24 - 8 * i));
  }
  static HWY_INLINE IntVector highest_byte(IntVector v) { return hn::ShiftRight<24>(v); }
};

/// Activations and weights in 8 bits by i8mm's smmla: eight products for each of two rows and two columns.
struct Matrices : Quads {
  static constexpr Products kProducts = Products::kMatrices;
  static constexpr std::size_t kGroup = 8, kInner = kGroup, kTogether = 2;
  static constexpr std::size_t kVectors = 3, kRows = 6;

  static HWY_INLINE hn::Vec<Values> broadcast(const Value* activations, std::size_t to_second) {
    const hn::Half<Values> half;
    return hn::Combine(Values(), hn::LoadU(half, activations + to_second), hn::LoadU(half, activations));
  }
  static HWY_INLINE void add([[maybe_unused]] Sum& sum, [[maybe_unused]] hn::Vec<Values> activations,
                             [[maybe_unused]] hn::Vec<Bytes> weights) {
#if HWY_ARCH_ARM_A64
    asm(".arch_extension i8mm\n\tsmmla %0.4s, %1.16b, %2.16b"
        : "+w"(sum.raw)
        : "w"(activations.raw), "w"(weights.raw));
#endif
  }
  // A sum is the first row by two columns, then the second row.
  static HWY_INLINE IntVector total(const Sum* two, std::size_t row) {
    return row ? hn::ConcatUpperUpper(Ints(), two[1], two[0]) : hn::ConcatLowerLower(Ints(), two[1], two[0]);
  }

  static HWY_INLINE IntVector column(const std::int8_t* group, std::size_t i) {
    const auto first = hn::BitCast(Ints(), load(group)),
               second = hn::BitCast(Ints(), load(group + 4 * kLanes));
    const auto four = i < 4 ? hn::ConcatEven(Ints(), second, first) : hn::ConcatOdd(Ints(), second, first);
    return highest_byte(hn::Shl(four, left_of(i % 4)));
  }
};

constexpr bool kHasMatrices = HWY_ARCH_ARM_A64;

// Targets that always have dot products, or where Highway computes them as it can, need no pairs.
constexpr bool kAlwaysQuads = HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_EMU128;

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
