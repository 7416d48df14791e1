// sentencepiece's precompiled map of characters: a double array (darts-clone) and the texts that its values lead to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeattn::text {

class Charsmap {
 public:
  /// Reads it from base64; throws BundleError.
  explicit Charsmap(std::string_view base64);

  /// Returns a text with what the map has for its grapheme clusters, else for their characters.
  std::string apply(std::string_view text) const;

  /// Returns how many bytes its longest text has.
  std::size_t longest() const { return longest_; }

 private:
  /// Returns the text for the shortest beginning of `chunk` that is mapped; a null view where none is.
  std::string_view mapped(std::string_view chunk) const;

  std::vector<std::uint32_t> units_;
  std::string texts_;  // each ends with a NUL
  std::size_t longest_ = 0;
};

}  // namespace edgeattn::text
