// What an x86 CPU says of itself, and what the system keeps of it.
#pragma once

#include <cstdint>

namespace edgeattn::kernels {

/// Words of CPUID, and XCR0. A compiler's own checks ask its runtime library, which zig's leaves empty.
struct X86Cpu {
  std::uint32_t basic = 0;                  // leaf 1, ecx
  std::uint32_t ebx = 0, ecx = 0, edx = 0;  // leaf 7
  std::uint32_t newer = 0;                  // leaf 7.1, eax
  std::uint32_t kept = 0;                   // XCR0: the registers that the system keeps

  static const X86Cpu& here();
};

constexpr std::uint32_t bit(int place) { return std::uint32_t{1} << place; }
constexpr bool has_all(std::uint32_t word, std::uint32_t bits) { return (word & bits) == bits; }

}  // namespace edgeattn::kernels
