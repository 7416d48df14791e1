// AMX's registers and their instructions, which Highway lacks. A test puts a double in their place.
#if defined(EDGEATTN_TILE_REGISTERS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef EDGEATTN_TILE_REGISTERS_INL_H
#undef EDGEATTN_TILE_REGISTERS_INL_H
#else
#define EDGEATTN_TILE_REGISTERS_INL_H
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

/// What ldtilecfg reads.
struct TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};
static_assert(sizeof(TileShapes) == 64);

#if HWY_TARGET == HWY_AVX3_DL && defined(__x86_64__) && defined(__linux__)
constexpr bool kHasTiles = true;

/// The calling thread's eight registers, in these shapes while the object lives.
///
/// They are released with it: a context switch need not keep them, and onnxruntime, which takes shapes of
/// some widths for its own, finds none.
class TileRegisters {
 public:
  explicit TileRegisters(const TileShapes& shapes) { asm volatile("ldtilecfg %0" : : "m"(shapes)); }
  ~TileRegisters() { asm volatile("tilerelease"); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;

  template <int kTile>
  static HWY_INLINE void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }
  /// Loads rows that lie `stride` bytes apart.
  template <int kTile>
  static HWY_INLINE void load(const void* rows, std::size_t stride) {
    asm volatile("tileloadd (%1,%2,1), %%tmm%c0" : : "i"(kTile), "r"(rows), "r"(stride) : "memory");
  }
  template <int kTile>
  static HWY_INLINE void store(void* rows, std::size_t stride) {
    asm volatile("tilestored %%tmm%c0, (%1,%2,1)" : : "i"(kTile), "r"(rows), "r"(stride) : "memory");
  }
  /// sums += left (no sign) times right (a sign), four products of 8 bits a lane.
  template <int kSums, int kLeft, int kRight>
  static HWY_INLINE void multiply() {
    asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSums), "i"(kLeft), "i"(kRight));
  }
};

#else
constexpr bool kHasTiles = false;

class TileRegisters;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();
#endif
