// The special tokens that a tokenizer puts around a text.
#pragma once

#include "component.hpp"
#include "token_model.hpp"

namespace edgeattn::text {

/// Token ids and their type ids, as many of each.
struct Encoding {
  Ids ids, types;
};

class PostProcessor {
 public:
  /// Adds nothing.
  PostProcessor() = default;

  /// Reads tokenizer.json's `post_processor`; throws BundleError.
  explicit PostProcessor(const Component& component);

  /// Returns how many special tokens are added.
  std::size_t added() const { return before_.ids.size() + behind_.ids.size(); }

  /// Returns a text's tokens with the special ones around them.
  Encoding apply(const Ids& text) const;

 private:
  void read_template(const Component& component);
  void read_sequence(const Component& component);
  void read_ends(const Component& component);

  Encoding before_, behind_;
  std::uint32_t type_ = 0;  // of the text's own
};

}  // namespace edgeattn::text
