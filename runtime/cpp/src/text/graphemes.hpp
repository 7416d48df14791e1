// Where extended grapheme clusters end (Unicode Standard Annex 29).
//
// Only what tells clusters of fewer than 6 bytes is told: Hangul, flags and Indic conjuncts are longer, whichever way
// they are cut.
#pragma once

#include "unicode.hpp"

namespace edgeattn::text {

/// Returns the end of the cluster that begins at `at`.
inline std::size_t cluster_end(std::string_view text, std::size_t at) {
  constexpr char32_t kJoiner = 0x200d;
  auto point = next(text, at);
  if (point == '\r' && at < text.size() && text[at] == '\n') return at + 1;
  const auto is_control = [](char32_t one) {
    const auto kind = category(one);
    return one != kJoiner && one != 0x200c && (kind == kCc || kind == kCf || kind == kZl || kind == kZp) &&
           !is(one, kExtender | kPrepender);
  };
  if (is_control(point)) return at;
  bool pictograph = is(point, kPictograph), prepends = is(point, kPrepender);
  while (at < text.size()) {
    auto behind = at;
    const auto one = next(text, behind);
    const bool joined = pictograph && point == kJoiner && is(one, kPictograph) && !is(one, kExtender);
    if (!is(one, kExtender) && !joined && !(prepends && !is_control(one))) break;
    prepends = is(one, kPrepender);
    if (!is(one, kExtender)) pictograph = is(one, kPictograph);
    point = one;
    at = behind;
  }
  return at;
}

}  // namespace edgeattn::text
