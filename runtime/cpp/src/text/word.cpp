#include "word.hpp"

#include <algorithm>
#include <set>

#include "unicode.hpp"
#include "words.hpp"

namespace edgeattn::text {
namespace {

/// A part of a text with its tokens: blanks, or a word, which begins at `begin`.
struct Piece {
  std::size_t begin, end;
  Ids ids;
};

bool stands_alone(char32_t point) {
  const auto within = [point](char32_t first, char32_t last) { return first <= point && point <= last; };
  const auto of = category(point);
  return (of >= kPc && of <= kPo) || within('!', '/') || within(':', '@') || within('[', '`') || within('{', '~') ||
         within(0x3400, 0x4dbf) || within(0x4e00, 0x9fff) || within(0xf900, 0xfaff) || within(0x20000, 0x2fa1f);
}

/// Returns the places where characters that stand alone begin and end, but the one where the run begins.
std::set<std::size_t> edges(std::string_view text, std::size_t begin, std::size_t end) {
  std::set<std::size_t> found;
  for (auto at = begin; at < end;) {
    const auto first = at;
    if (!stands_alone(next(text, at))) continue;
    found.insert(first);
    found.insert(at);
  }
  found.erase(begin);
  return found;
}

/// Returns the words of a run of characters behind the blanks from `start` on: the most that have the run's own tokens
/// together.
std::vector<Piece> pieces_of(std::string_view text, std::size_t start, std::size_t begin, std::size_t end,
                             const std::function<Ids(std::string_view)>& ids_of) {
  const auto whole = ids_of(text.substr(start, end - start));
  const auto last = begin > start ? previous(text, begin) : start;  // the blank that many tokenizers have a word begin with
  auto parted = edges(text, begin, end);
  parted.insert({start, last, end});
  auto apart = parted;
  apart.insert(begin);
  for (const auto& places : {apart, parted, std::set<std::size_t>{start, last, end}}) {
    std::vector<Piece> pieces;
    Ids joined;
    for (auto place = places.begin(); std::next(place) != places.end(); ++place) {
      auto ids = ids_of(text.substr(*place, *std::next(place) - *place));
      joined.insert(joined.end(), ids.begin(), ids.end());
      pieces.push_back({std::max(*place, begin), *std::next(place), std::move(ids)});
    }
    if (joined == whole) return pieces;
  }
  return {{begin, end, whole}};
}

/// Returns where blanks end from `at` on or, without, where they begin; with `spaces` no other blanks count.
std::size_t beyond(std::string_view text, std::size_t at, bool blanks, bool spaces) {
  while (at < text.size()) {
    auto behind = at;
    const auto point = next(text, behind);
    if ((spaces ? point == ' ' : is(point, kSpace)) != blanks) break;
    at = behind;
  }
  return at;
}

}  // namespace

std::vector<Word> words_of(std::string_view text, const Ids& ids, const std::function<Ids(std::string_view)>& ids_of) {
  for (const bool spaces : {false, true}) {
    std::vector<Word> words;
    Ids joined;
    for (std::size_t start = 0; start < text.size();) {
      const auto begin = beyond(text, start, true, spaces), end = beyond(text, begin, false, spaces);
      for (const auto& piece : pieces_of(text, start, begin, end, ids_of)) {
        if (!piece.ids.empty() && piece.begin < piece.end && joined.size() < ids.size())
          words.push_back({piece.begin, piece.end, joined.size()});
        joined.insert(joined.end(), piece.ids.begin(), piece.ids.end());
      }
      start = end;
    }
    if (joined.size() >= ids.size() && std::equal(ids.begin(), ids.end(), joined.begin())) return words;
  }
  throw InputError("text: tokens reach beyond words; read the outputs themselves");
}

}  // namespace edgeattn::text
