#include "random.hpp"

#include <array>

namespace edgeattn {
namespace {

constexpr std::uint32_t kShift = 16;

/// Hashes words in a row; the constant moves on with each.
class Hash {
 public:
  Hash(std::uint32_t constant, std::uint32_t factor) : constant_(constant), factor_(factor) {}

  std::uint32_t operator()(std::uint32_t word) {
    word ^= constant_;
    constant_ *= factor_;
    word *= constant_;
    return word ^ (word >> kShift);
  }

 private:
  std::uint32_t constant_, factor_;
};

std::uint32_t mixed(std::uint32_t x, std::uint32_t y) {
  const std::uint32_t word = 0xca01f9ddU * x - 0x4973f715U * y;
  return word ^ (word >> kShift);
}

/// Returns four words of state, as numpy.random.SeedSequence(seed).generate_state(4, uint64).
std::array<std::uint64_t, 4> seeded(std::uint64_t seed) {
  std::array<std::uint32_t, 4> pool = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  Hash in(0x43b0d7e5U, 0x931e8875U);
  for (auto& word : pool) word = in(word);
  for (std::size_t from = 0; from < pool.size(); ++from)
    for (std::size_t to = 0; to < pool.size(); ++to)
      if (from != to) pool[to] = mixed(pool[to], in(pool[from]));
  Hash out(0x8b51f9ddU, 0x58f38dedU);
  std::array<std::uint64_t, 4> words{};
  for (std::size_t i = 0; i < 2 * words.size(); ++i)
    words[i / 2] |= static_cast<std::uint64_t>(out(pool[i % pool.size()])) << (32 * (i % 2));
  return words;
}

}  // namespace

Random::Random(std::uint64_t seed) : state_{0, 0}, increment_{0, 0} {
  const auto [high, low, sequence_high, sequence_low] = seeded(seed);
  increment_ = {sequence_high << 1 | sequence_low >> 63, sequence_low << 1 | 1};
  step();
  state_ = plus(state_, {high, low});
  step();
}

double Random::next() {
  step();
  const auto word = state_.high ^ state_.low;
  const auto turn = static_cast<unsigned>(state_.high >> 58);
  const auto turned = word >> turn | word << ((64 - turn) & 63);
  return static_cast<double>(turned >> 11) / 9007199254740992.0;  // 2^53
}

void Random::step() {
  constexpr Wide factor = {0x2360ed051fc65da4U, 0x4385df649fccf645U};
  state_ = plus(times(state_, factor), increment_);
}

Random::Wide Random::plus(Wide a, Wide b) {
  const auto low = a.low + b.low;
  return {a.high + b.high + (low < a.low), low};
}

Random::Wide Random::times(Wide a, Wide b) {
  constexpr std::uint64_t half = 0xffffffffU;
  const auto a0 = a.low & half, a1 = a.low >> 32, b0 = b.low & half, b1 = b.low >> 32;
  const auto middle = a1 * b0 + (a0 * b0 >> 32);  // below 2^64
  const auto carried = a0 * b1 + (middle & half);
  const auto high = a1 * b1 + (middle >> 32) + (carried >> 32);
  return {high + a.high * b.low + a.low * b.high, a.low * b.low};
}

}  // namespace edgeattn
