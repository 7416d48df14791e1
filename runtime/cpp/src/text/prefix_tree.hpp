// Texts by their beginnings: which of them begin at a place of another text.
#pragma once

#include <string_view>

#include "flat_map.hpp"

namespace edgeattn::text {

class PrefixTree {
 public:
  using Node = std::uint32_t;
  static constexpr Node kRoot = 0, kNowhere = ~Node{0};
  static constexpr std::uint32_t kNoValue = ~std::uint32_t{0};

  /// Adds a text with its value, or gives one that is there another value.
  void add(std::string_view text, std::uint32_t value) {
    auto node = kRoot;
    for (const char byte : text) {
      auto& child = children_[key(node, byte)];
      if (child == 0) {
        child = static_cast<Node>(values_.size());
        values_.push_back(kNoValue);
      }
      node = child;
    }
    values_[node] = value;
  }

  /// Returns the node behind one more byte; kNowhere where no text goes on so.
  Node step(Node node, char byte) const {
    const auto* child = children_.find(key(node, byte));
    return child ? *child : kNowhere;
  }

  /// Returns the node behind several bytes.
  Node walk(Node node, std::string_view bytes) const {
    for (const char byte : bytes)
      if ((node = step(node, byte)) == kNowhere) break;
    return node;
  }

  /// Returns the value of the text that ends at a node, or kNoValue.
  std::uint32_t value(Node node) const { return values_[node]; }

 private:
  static std::uint64_t key(Node node, char byte) {
    return std::uint64_t{node} << 8 | static_cast<unsigned char>(byte);
  }

  FlatMap<Node> children_;  // 0 is a child that was just made: the root is nobody's
  std::vector<std::uint32_t> values_{kNoValue};
};

}  // namespace edgeattn::text
