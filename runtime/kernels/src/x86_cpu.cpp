#include "x86_cpu.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

namespace edgeattn::kernels {
namespace {

X86Cpu read() {
  X86Cpu cpu;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return cpu;
  cpu.basic = ecx;
  constexpr int kOsxsave = 27;
  if (has_all(ecx, bit(kOsxsave))) {
    unsigned high = 0;
    asm volatile("xgetbv" : "=a"(cpu.kept), "=d"(high) : "c"(0));
  }
  if (__get_cpuid_count(7, 0, &eax, &cpu.ebx, &cpu.ecx, &cpu.edx))
    __get_cpuid_count(7, 1, &cpu.newer, &ebx, &ecx, &edx);
  return cpu;
}

}  // namespace

const X86Cpu& X86Cpu::here() {
  static const X86Cpu cpu = read();
  return cpu;
}

}  // namespace edgeattn::kernels
#endif
