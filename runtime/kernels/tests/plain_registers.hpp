// AMX's registers in plain C++, for any CPU.
#pragma once

#include <cstdint>
#include <cstring>

namespace edgeattn::kernels {

/// A double of TileRegisters: Shapes is TileShapes.
template <class Shapes>
class PlainRegisters {
 public:
  explicit PlainRegisters(const Shapes& shapes) : own_(shapes) {
    in_use = this;
    ++configured;
  }
  ~PlainRegisters() { in_use = nullptr; }
  PlainRegisters(const PlainRegisters&) = delete;
  PlainRegisters& operator=(const PlainRegisters&) = delete;

  template <int kTile>
  static void zero() {
    std::memset(in_use->tiles_[kTile], 0, kBytes);
  }
  template <int kTile>
  static void load(const void* rows, std::size_t stride) {
    for (std::size_t r = 0; r < in_use->own_.rows[kTile]; ++r)
      std::memcpy(in_use->tiles_[kTile] + r * kRowBytes, static_cast<const std::uint8_t*>(rows) + r * stride,
                  in_use->own_.row_bytes[kTile]);
  }
  template <int kTile>
  static void store(void* rows, std::size_t stride) {
    for (std::size_t r = 0; r < in_use->own_.rows[kTile]; ++r)
      std::memcpy(static_cast<std::uint8_t*>(rows) + r * stride, in_use->tiles_[kTile] + r * kRowBytes,
                  in_use->own_.row_bytes[kTile]);
  }
  template <int kSums, int kLeft, int kRight>
  static void multiply() {
    const auto* const left = in_use->tiles_[kLeft];
    const auto* const right = in_use->tiles_[kRight];
    for (std::size_t m = 0; m < in_use->own_.rows[kSums]; ++m)
      for (std::size_t n = 0; n < in_use->own_.row_bytes[kSums] / 4U; ++n) {
        auto* const place = in_use->tiles_[kSums] + m * kRowBytes + n * 4;
        std::int32_t sum = 0;
        std::memcpy(&sum, place, sizeof sum);
        for (std::size_t k = 0; k < in_use->own_.row_bytes[kLeft]; ++k)
          sum += left[m * kRowBytes + k] * static_cast<std::int8_t>(right[k / 4 * kRowBytes + n * 4 + k % 4]);
        std::memcpy(place, &sum, sizeof sum);
      }
  }

  static inline std::size_t configured = 0;  // how often, by one thread

 private:
  static constexpr std::size_t kRowBytes = 64, kBytes = 16 * kRowBytes;
  static inline thread_local PlainRegisters* in_use = nullptr;
  Shapes own_;
  std::uint8_t tiles_[8][kBytes];
};

}  // namespace edgeattn::kernels
