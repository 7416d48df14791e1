// What Highway compiles, the same in every build: included before all headers of Highway.
#pragma once

#define HWY_IS_DEBUG_BUILD 0  // Highway's own checks call its library and abort
#define HWY_BROKEN_EMU128 0   // the portable code without single lanes; see -fno-tree-vectorize
#define HWY_WANT_AVX3_DL
// Older than AVX2: portable code. What newer sets add is of no use here, or found at run time.
#define HWY_DISABLED_TARGETS                                                                                  \
  (HWY_SSE2 | HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_ZEN4 | HWY_AVX3_SPR | HWY_NEON | HWY_NEON_BF16 | HWY_ALL_SVE)

// A product and a sum are fused where the source says so, and nowhere else: compilers must not change an answer.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif
