#include "truncation.hpp"

#include <algorithm>

#include "words.hpp"

namespace edgeattn::text {
namespace {

/// Returns how many tokens are kept of the text that alone is cut.
std::size_t left_beside(std::size_t whole, std::size_t room, const char* name) {
  if (whole < room) return room - whole;
  throw InputError(words(name, ": ", whole, " tokens found, fewer than ", room,
                         " expected, as it is never cut; give a part of it"));
}

}  // namespace

std::pair<std::size_t, std::size_t> kept(std::size_t first, std::size_t second, std::size_t room,
                                         const std::string& truncation) {
  if (first + second <= room) return {first, second};
  if (truncation == "only_first") return {left_beside(second, room, "pair"), second};
  if (truncation == "only_second") return {first, left_beside(first, room, "text")};
  auto shorter = std::min(first, second);
  auto longer = std::max(shorter, room - std::min(shorter, room));
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = room - shorter;
  }
  return first > second ? std::pair{longer, shorter} : std::pair{shorter, longer};
}

}  // namespace edgeattn::text
