// AVX-VNNI on a CPU that has AVX2 alone: its one instruction, vpdpbusd of registers, is done by whoever is told
// that the CPU does not know it.
#pragma once

#include <csignal>
#include <cstdint>
#include <cstring>
#include <ucontext.h>

namespace avx_vnni {

inline std::uint64_t executed = 0;  // instructions that were done here

/// The registers that a signal interrupted, as XSAVE lays them out without compaction (Intel SDM 1, 13.4).
struct Registers {
  static constexpr std::size_t kLow = 160, kState = 512, kHigh = 576, kHalf = 16;
  static constexpr std::uint64_t kSse = 2, kAvx = 4;  // bits of the state: whether a part is not at its initial zeros

  std::uint8_t* area;

  explicit Registers(void* context)
      : area(reinterpret_cast<std::uint8_t*>(static_cast<ucontext_t*>(context)->uc_mcontext.fpregs)) {
    std::uint64_t state = 0;
    std::memcpy(&state, area + kState, sizeof state);
    if (!(state & kAvx)) std::memset(area + kHigh, 0, 16 * kHalf);
    state |= kSse | kAvx;
    std::memcpy(area + kState, &state, sizeof state);
  }
  void read(unsigned number, std::uint8_t* value) const {
    std::memcpy(value, area + kLow + number * kHalf, kHalf);
    std::memcpy(value + kHalf, area + kHigh + number * kHalf, kHalf);
  }
  void write(unsigned number, const std::uint8_t* value) const {
    std::memcpy(area + kLow + number * kHalf, value, kHalf);
    std::memcpy(area + kHigh + number * kHalf, value + kHalf, kHalf);
  }
};

/// Does VEX.256.66.0F38.W0 50 /r on registers; any other instruction ends the program as it would have.
inline void execute(int signal, siginfo_t*, void* context) {
  auto& place = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
  std::uint8_t code[5];
  std::memcpy(code, reinterpret_cast<const void*>(place), sizeof code);
  const bool known = code[0] == 0xC4 && (code[1] & 0x1F) == 2 && (code[2] & 0x87) == 0x05 && code[3] == 0x50 &&
                     code[4] >> 6 == 3;
  if (!known) {
    std::signal(signal, SIG_DFL);
    return;
  }
  const unsigned to = (code[4] >> 3 & 7) | (code[1] & 0x80 ? 0 : 8);
  const unsigned activations = ~code[2] >> 3 & 15;
  const unsigned weights = (code[4] & 7) | (code[1] & 0x20 ? 0 : 8);
  const Registers registers(context);
  std::uint8_t sums[32], a[32], w[32];
  registers.read(to, sums);
  registers.read(activations, a);
  registers.read(weights, w);
  for (std::size_t lane = 0; lane < 32; lane += 4) {
    std::int32_t sum = 0;
    std::memcpy(&sum, sums + lane, sizeof sum);
    for (std::size_t i = lane; i < lane + 4; ++i) sum += a[i] * static_cast<std::int8_t>(w[i]);
    std::memcpy(sums + lane, &sum, sizeof sum);
  }
  registers.write(to, sums);
  place += sizeof code;
  ++executed;
}

/// Has the instruction done from now on, where the CPU does not know it.
inline void emulate() {
  struct sigaction action {};
  action.sa_sigaction = execute;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, nullptr);
}

}  // namespace avx_vnni
