// A hash of SHA-2 (FIPS 180-4, sections 5 and 6), for words of 32 bits and of 64.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sha2_constants.hpp"

namespace edgeattn::sha2 {

/// The amounts of the rotations, and the shift that is the last of three.
template <class Word>
struct Amounts;
template <>
struct Amounts<std::uint32_t> {
  static constexpr int kState[2][3] = {{2, 13, 22}, {6, 11, 25}},
                       kSchedule[2][3] = {{7, 18, 3}, {17, 19, 10}};
};
template <>
struct Amounts<std::uint64_t> {
  static constexpr int kState[2][3] = {{28, 34, 39}, {14, 18, 41}},
                       kSchedule[2][3] = {{1, 8, 7}, {19, 61, 6}};
};

template <class Word>
constexpr Word rotated(Word x, int by) {
  return static_cast<Word>(x >> by | x << (8 * sizeof(Word) - static_cast<std::size_t>(by)));
}
template <class Word>
constexpr Word mixed(Word x, const int (&by)[3]) {
  return rotated(x, by[0]) ^ rotated(x, by[1]) ^ rotated(x, by[2]);
}
template <class Word>
constexpr Word expanded(Word x, const int (&by)[3]) {
  return rotated(x, by[0]) ^ rotated(x, by[1]) ^ x >> by[2];
}

/// SHA-256 of words of 32 bits, SHA-512 of 64.
template <class Word>
class Hash {
 public:
  static constexpr std::size_t kBlock = 16 * sizeof(Word), kRounds = 48 + 4 * sizeof(Word);
  using Digest = std::array<std::uint8_t, 8 * sizeof(Word)>;
  using Blocks = void (*)(Word* state, const std::uint8_t* blocks, std::size_t count);

  /// @param by_instructions: Takes whole blocks by the CPU's instructions for it; null where it has none.
  explicit Hash(Blocks by_instructions) : by_instructions_(by_instructions) {}

  void update(std::string_view bytes) {
    length_ += bytes.size();
    if (filled_) {
      const auto taken = std::min(bytes.size(), kBlock - filled_);
      std::copy_n(bytes.data(), taken, block_.data() + filled_);
      filled_ += taken;
      bytes.remove_prefix(taken);
      if (filled_ < kBlock) return;
      compress(block_.data(), 1);
    }
    compress(bytes.data(), bytes.size() / kBlock);
    filled_ = bytes.size() % kBlock;
    std::copy_n(bytes.end() - filled_, filled_, block_.data());
  }

  Digest digest() {
    const auto bits = std::uint64_t{length_} * 8;  // a length beyond 64 bits is none of a file
    constexpr std::size_t kLength = 2 * sizeof(Word);
    const auto zeros = (2 * kBlock - kLength - 1 - filled_) % kBlock + kLength - sizeof bits;
    std::string padding(1 + zeros + sizeof bits, '\0');
    padding[0] = '\x80';
    for (std::size_t i = 0; i < sizeof bits; ++i)
      padding[padding.size() - 1 - i] = static_cast<char>(bits >> 8 * i);
    update(padding);
    Digest digest;
    for (std::size_t i = 0; i < digest.size(); ++i)
      digest[i] =
          static_cast<std::uint8_t>(state_[i / sizeof(Word)] >> 8 * (sizeof(Word) - 1 - i % sizeof(Word)));
    return digest;
  }

 private:
  using State = std::array<Word, 8>;

  void compress(const char* blocks, std::size_t count) {
    if (by_instructions_)
      return by_instructions_(state_.data(), reinterpret_cast<const std::uint8_t*>(blocks), count);
    for (; count; --count, blocks += kBlock) compress_block(blocks);
  }

  void compress_block(const char* block) {
    static constexpr auto kConstants = upper_halves<Word, kRounds>(kRoundConstants);
    std::array<Word, kRounds> w{};
    for (std::size_t i = 0; i < kBlock; ++i)
      w[i / sizeof(Word)] = static_cast<Word>(w[i / sizeof(Word)] << 8 | static_cast<std::uint8_t>(block[i]));
    for (std::size_t t = 16; t < kRounds; ++t)
      w[t] = expanded(w[t - 2], Amounts<Word>::kSchedule[1]) + w[t - 7] +
             expanded(w[t - 15], Amounts<Word>::kSchedule[0]) + w[t - 16];
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t t = 0; t < kRounds; ++t) {
      const Word first = h + mixed(e, Amounts<Word>::kState[1]) + ((e & f) ^ (~e & g)) + kConstants[t] + w[t];
      const Word second = mixed(a, Amounts<Word>::kState[0]) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
    }
    const State added = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < added.size(); ++i) state_[i] += added[i];
  }

  Blocks by_instructions_;
  State state_ = upper_halves<Word, 8>(kFirstState);
  std::array<char, kBlock> block_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace edgeattn::sha2
