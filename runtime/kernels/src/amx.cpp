#include "amx.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#endif

namespace edgeattn::kernels {

#if defined(__x86_64__) && defined(__linux__)
namespace {

bool cpu_has_tiles() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kOsxsave = 1U << 27, kTileInt8 = 3U << 24;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & kOsxsave)) return false;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & kTileInt8) == kTileInt8;
}

/// Whether the system saves the tiles' configuration and their data.
bool system_keeps_tiles() {
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  constexpr unsigned kTiles = 3U << 17;
  return (low & kTiles) == kTiles;
}

bool system_permits_tiles() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool is_turned_off() {
  const char* const setting = std::getenv("EDGEATTN_KERNELS_AMX");
  return setting && std::strcmp(setting, "0") == 0;
}

}  // namespace

bool has_amx() {
  static const bool has =
      !is_turned_off() && cpu_has_tiles() && system_keeps_tiles() && system_permits_tiles();
  return has;
}
#else
bool has_amx() { return false; }
#endif

}  // namespace edgeattn::kernels
