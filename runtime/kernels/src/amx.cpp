#include "amx.hpp"

#include "x86_cpu.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#endif

namespace edgeattn::kernels {

#if defined(__x86_64__) && defined(__linux__)
namespace {

/// Whether the CPU has tiles of int8, and the system keeps their configuration and their data.
bool has_tiles() {
  const auto& cpu = X86Cpu::here();
  return has_all(cpu.edx, bit(24) | bit(25)) && has_all(cpu.kept, bit(17) | bit(18));
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
  static const bool has = !is_turned_off() && has_tiles() && system_permits_tiles();
  return has;
}
#else
bool has_amx() { return false; }
#endif

}  // namespace edgeattn::kernels
