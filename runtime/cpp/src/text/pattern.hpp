// What Replace and Split look for: a text, or a regular expression.
#pragma once

#include <variant>

#include "component.hpp"
#include "regex.hpp"

namespace edgeattn::text {

class Pattern {
 public:
  /// Reads {"String": ...} or {"Regex": ...}; throws BundleError.
  explicit Pattern(const Component& pattern);

  /// Returns all matches, one behind the other.
  std::vector<Match> matches(std::string_view text) const;

  /// Returns a text with `content` in place of every match. Throws InputError where it would take more than kMostBytes.
  std::string replaced(std::string_view text, std::string_view content) const;

  /// Returns how many bytes are made of one at most when matches are replaced.
  double growth(std::string_view content) const;

 private:
  std::variant<std::string, Regex> wanted_;
};

/// What a text may become within a tokenizer. The limits of the specification hold a text far below.
inline constexpr std::size_t kMostBytes = std::size_t{1} << 26;

/// Throws InputError where a text has become larger than kMostBytes.
void check_bytes(std::size_t bytes);

}  // namespace edgeattn::text
