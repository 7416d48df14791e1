#include "instruction_set.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "amx.hpp"
#include "edgeattn_kernels.h"
#include "error.hpp"
#include "x86_cpu.hpp"

#if HWY_ARCH_ARM_A64 && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace edgeattn::kernels {
namespace {

#if HWY_ARCH_X86

constexpr int kVnni = 11;  // of leaf 7, ecx

bool cpu_has(std::int64_t target) {
  const auto& cpu = X86Cpu::here();
  constexpr auto kAvxRegisters = bit(1) | bit(2), kAvx512Registers = kAvxRegisters | bit(5) | bit(6) | bit(7);
  constexpr auto kFma = bit(12), kAvx2 = bit(5) | bit(8);                             // and BMI2
  constexpr auto kAvx512 = bit(16) | bit(17) | bit(28) | bit(30) | bit(31);           // F, DQ, CD, BW, VL
  constexpr auto kByteSets = bit(1) | bit(6) | bit(8) | bit(10) | bit(12) | bit(14);  // VBMI to VPOPCNTDQ
  const bool avx2 = has_all(cpu.kept, kAvxRegisters) && has_all(cpu.basic, kFma) && has_all(cpu.ebx, kAvx2);
  const bool avx3 = avx2 && has_all(cpu.kept, kAvx512Registers) && has_all(cpu.ebx, kAvx512);
  switch (target) {
    case HWY_AVX3_DL:
      return avx3 && has_all(cpu.ecx, kByteSets | bit(kVnni));
    case HWY_AVX3:
      return avx3;
    case HWY_AVX2:
      return avx2;
    default:
      return true;
  }
}

constexpr std::array kTargets = {HWY_AVX3_DL, HWY_AVX3, HWY_AVX2, HWY_EMU128};

#elif HWY_ARCH_ARM_A64

bool cpu_has(std::int64_t) { return true; }  // NEON is part of every arm64

constexpr std::array kTargets = {HWY_NEON_WITHOUT_AES};

#else

bool cpu_has(std::int64_t) { return true; }

constexpr std::array kTargets = {HWY_EMU128};

#endif

}  // namespace

const std::vector<std::int64_t>& targets() {
  static const std::vector<std::int64_t> supported = [] {
    std::vector<std::int64_t> list;
    std::copy_if(kTargets.begin(), kTargets.end(), std::back_inserter(list), cpu_has);
    return list;
  }();
  return supported;
}

bool has_dot_product([[maybe_unused]] std::int64_t target) {
#if HWY_ARCH_X86
  if (target == HWY_AVX3_DL) return true;
  if (target == HWY_AVX3) return has_all(X86Cpu::here().ecx, bit(kVnni));
  constexpr int kAvxVnni = 4;
  return target == HWY_AVX2 && has_all(X86Cpu::here().newer, bit(kAvxVnni));
#elif HWY_ARCH_ARM_A64 && defined(__linux__)
  return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
#elif HWY_ARCH_ARM_A64 && defined(__APPLE__)
  return true;  // from the M1 and the A13 on
#else
  return false;
#endif
}

bool has_i8mm() {
#if HWY_ARCH_ARM_A64 && defined(__linux__)
  constexpr unsigned long kI8mm = 1UL << 13;  // HWCAP2_I8MM, which older headers lack
  return (getauxval(AT_HWCAP2) & kI8mm) != 0;
#elif HWY_ARCH_ARM_A64 && defined(__APPLE__)
  int has = 0;
  std::size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_I8MM", &has, &size, nullptr, 0) == 0 && has;
#else
  return false;
#endif
}

Ways products_of(std::int64_t target) {
  if (!has_dot_product(target)) return {Products::kPairs, {}};
  if (target == HWY_AVX3_DL && has_amx()) return {Products::kTiles, Products::kQuads};
  if (has_i8mm()) return {Products::kQuads, Products::kMatrices};
  return {Products::kQuads, {}};
}

std::size_t table_index(std::int64_t target) {
  const auto place = std::find(kTargets.begin(), kTargets.end(), target);
  require(place != kTargets.end(), "the kernels are not compiled for the instruction set ", target);
  return static_cast<std::size_t>(place - kTargets.begin());
}

}  // namespace edgeattn::kernels

const char* edgeattn_kernels_instruction_set() {
  static const std::string name = [] {
    const auto target = edgeattn::kernels::targets().front();
    std::string words = hwy::TargetName(target);
    if (edgeattn::kernels::has_dot_product(target)) words += " with dot products";
    if (edgeattn::kernels::products_of(target).usual == edgeattn::kernels::Products::kTiles)
      words += " and AMX";
    if (edgeattn::kernels::has_i8mm()) words += " and i8mm";
    return words;
  }();
  return name.c_str();
}

const char* edgeattn_kernels_version() { return EDGEATTN_KERNELS_VERSION; }
int edgeattn_kernels_domain_version() { return EDGEATTN_KERNELS_DOMAIN_VERSION; }
