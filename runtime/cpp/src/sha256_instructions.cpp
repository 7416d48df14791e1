#include "sha256_instructions.hpp"

#include "sha2_constants.hpp"

#if defined(__GNUC__) && defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#define EDGEATTN_SHA_X86
#elif defined(__GNUC__) && defined(__aarch64__)
#include <arm_neon.h>
#define EDGEATTN_SHA_ARM
#ifdef __linux__
#include <sys/auxv.h>
#endif
#endif

namespace edgeattn {

#if defined(EDGEATTN_SHA_X86) || defined(EDGEATTN_SHA_ARM)
namespace {
constexpr std::size_t kBlock = 64;
alignas(16) constexpr auto kConstants = upper_halves<std::uint32_t, 64>(kRoundConstants);
}  // namespace
#endif

#ifdef EDGEATTN_SHA_X86
namespace {

__m128i constants(std::size_t four) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(kConstants.data() + 4 * four));
}

__m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
void store(void* to, __m128i words) { _mm_storeu_si128(static_cast<__m128i*>(to), words); }

// Intel SHA Extensions (Gulley et al., 2013): a register has the state's words f e b a, another h g d c.
__attribute__((target("sha,sse4.1"))) void by_sha(std::uint32_t* state, const std::uint8_t* blocks,
                                                  std::size_t count) {
  const auto in_order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const auto badc = _mm_shuffle_epi32(load(state), 0xb1), efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);
  auto feba = _mm_alignr_epi8(badc, efgh, 8), hgdc = _mm_blend_epi16(efgh, badc, 0xf0);
  for (; count; --count, blocks += kBlock) {
    const auto first = feba, second = hgdc;
    __m128i w[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) w[i] = _mm_shuffle_epi8(load(blocks + 16 * i), in_order);
#pragma GCC unroll 16
    for (std::size_t t = 0; t < 16; ++t) {  // four rounds each
      if (t >= 4) {                         // w[t] of t - 16, t - 15, t - 7 and t - 2
        const auto &before = w[(t + 3) % 4], &earlier = w[(t + 2) % 4];
        auto& now = w[t % 4];
        now = _mm_add_epi32(_mm_sha256msg1_epu32(now, w[(t + 1) % 4]), _mm_alignr_epi8(before, earlier, 4));
        now = _mm_sha256msg2_epu32(now, before);
      }
      auto added = _mm_add_epi32(w[t % 4], constants(t));
      hgdc = _mm_sha256rnds2_epu32(hgdc, feba, added);
      added = _mm_shuffle_epi32(added, 0x0e);
      feba = _mm_sha256rnds2_epu32(feba, hgdc, added);
    }
    feba = _mm_add_epi32(feba, first);
    hgdc = _mm_add_epi32(hgdc, second);
  }
  const auto abef = _mm_shuffle_epi32(feba, 0x1b), dchg = _mm_shuffle_epi32(hgdc, 0xb1);
  store(state, _mm_blend_epi16(abef, dchg, 0xf0));
  store(state + 4, _mm_alignr_epi8(dchg, abef, 8));
}

}  // namespace

Sha256Blocks sha256_instructions() {
  constexpr unsigned kSsse3 = 1U << 9, kSse41 = 1U << 19, kSha = 1U << 29;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & kSsse3) || !(ecx & kSse41)) return nullptr;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & kSha) ? by_sha : nullptr;
}

#elif defined(EDGEATTN_SHA_ARM)
namespace {

#ifdef __clang__
#define EDGEATTN_SHA_TARGET "sha2"
#else
#define EDGEATTN_SHA_TARGET "+crypto"
#endif

// Arm's Cryptographic Extension (Arm Architecture Reference Manual, SHA256H and its like).
__attribute__((target(EDGEATTN_SHA_TARGET))) void by_sha(std::uint32_t* state, const std::uint8_t* blocks,
                                                         std::size_t count) {
  auto abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
  for (; count; --count, blocks += kBlock) {
    const auto first = abcd, second = efgh;
    uint32x4_t w[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
#pragma GCC unroll 16
    for (std::size_t t = 0; t < 16; ++t) {  // four rounds each
      if (t >= 4)
        w[t % 4] = vsha256su1q_u32(vsha256su0q_u32(w[t % 4], w[(t + 1) % 4]), w[(t + 2) % 4], w[(t + 3) % 4]);
      const auto added = vaddq_u32(w[t % 4], vld1q_u32(kConstants.data() + 4 * t));
      const auto before = abcd;
      abcd = vsha256hq_u32(abcd, efgh, added);
      efgh = vsha256h2q_u32(efgh, before, added);
    }
    abcd = vaddq_u32(abcd, first);
    efgh = vaddq_u32(efgh, second);
  }
  vst1q_u32(state, abcd);
  vst1q_u32(state + 4, efgh);
}

}  // namespace

Sha256Blocks sha256_instructions() {
#ifdef __linux__
  constexpr unsigned long kSha2 = 1UL << 6;  // HWCAP_SHA2
  return getauxval(AT_HWCAP) & kSha2 ? by_sha : nullptr;
#elif defined(__APPLE__)
  return by_sha;
#else
  return nullptr;
#endif
}

#else
Sha256Blocks sha256_instructions() { return nullptr; }
#endif

}  // namespace edgeattn
