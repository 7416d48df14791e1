// A hash map from 64 bits to a small value in one block of memory: what the inner loops of tokenizers look into.
#pragma once

#include <cstdint>
#include <vector>

namespace edgeattn::text {

/// Spreads the bits of a key (the finalizer of splitmix64).
inline std::uint64_t spread(std::uint64_t key) {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9;
  key = (key ^ (key >> 27)) * 0x94d049bb133111eb;
  return key ^ (key >> 31);
}

template <class Value>
class FlatMap {
 public:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};  // no key

  FlatMap() : slots_(16) {}

  const Value* find(std::uint64_t key) const {
    const auto& slot = slots_[place(key)];
    return slot.key == key ? &slot.value : nullptr;
  }

  /// Returns the value of a key, which is made where it is missing. It stays where it is until the next one is made.
  Value& operator[](std::uint64_t key) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    auto& slot = slots_[place(key)];
    size_ += slot.key != key;
    slot.key = key;
    return slot.value;
  }

 private:
  struct Slot {
    std::uint64_t key = kNone;
    Value value{};
  };

  std::size_t place(std::uint64_t key) const {
    const auto mask = slots_.size() - 1;
    auto at = static_cast<std::size_t>(spread(key)) & mask;
    while (slots_[at].key != key && slots_[at].key != kNone) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const auto& slot : old)
      if (slot.key != kNone) slots_[place(slot.key)] = slot;
  }

  std::vector<Slot> slots_;  // a power of 2 of them, at most half of them taken
  std::size_t size_ = 0;
};

}  // namespace edgeattn::text
