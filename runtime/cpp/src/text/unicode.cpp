#include "unicode.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace edgeattn::text {
namespace {

struct Range {
  char32_t first, last;
};
struct CategoryRange {
  char32_t first, last;
  Category category;
};
struct CombiningClass {
  char32_t point;
  std::uint8_t value;
};
struct Mapping {
  char32_t point;
  std::uint16_t start;
  std::uint8_t size;
};
struct Composition {
  char32_t first, second, composed;
};

#include "unicode_tables.inc"

constexpr char32_t kEnd = 0x110000;
constexpr std::uint32_t kCategoryShift = 16;

/// Properties and category of every code point, in pages of which equal ones are kept once.
class Pages {
 public:
  Pages() {
    std::vector<std::uint32_t> all(kEnd);
    const auto mark = [&](const auto& ranges, Property property) {
      for (const auto& range : ranges)
        for (auto point = range.first; point <= range.last; ++point) all[point] |= property;
    };
    const auto mark_points = [&](const auto& points, Property property) {
      for (const auto& entry : points) all[entry.point] |= property;
    };
    mark(kSpaces, kSpace), mark(kOthers, kOther), mark(kNonspacingMarks, kNonspacingMark), mark(kMarks, kMark);
    mark(kPunctuation, kPunctuationMark), mark(kNumbers, kNumber), mark(kWords, kWord);
    mark(kExpressionWords, kExpressionWord), mark(kHan, kHanScript), mark(kExtenders, kExtender);
    mark(kPrependers, kPrepender), mark(kPictographs, kPictograph);
    mark_points(kCombiningClasses, kReordered), mark_points(kCanonical, kDecomposed);
    mark_points(kCompatible, kDecomposed), mark_points(kLower, kLowered);
    for (auto point = kHangulBase; point < kHangulBase + kHangulCount; ++point) all[point] |= kDecomposed;
    for (const auto& range : kCategories)
      for (auto point = range.first; point <= range.last; ++point)
        all[point] |= static_cast<std::uint32_t>(range.category) << kCategoryShift;
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      const auto* first = all.data() + page * kPage;
      std::size_t same = 0;
      while (same < values_.size() && !std::equal(first, first + kPage, values_.data() + same)) same += kPage;
      if (same == values_.size()) values_.insert(values_.end(), first, first + kPage);
      pages_[page] = static_cast<std::uint32_t>(same);
    }
  }

  std::uint32_t operator[](char32_t point) const {
    return point < kEnd ? values_[pages_[point / kPage] + point % kPage] : 0;
  }

  static constexpr char32_t kHangulBase = 0xac00, kHangulCount = 11172;

 private:
  static constexpr std::size_t kPage = 256;
  std::array<std::uint32_t, kEnd / kPage> pages_{};
  std::vector<std::uint32_t> values_;
};

std::uint32_t entry(char32_t point) {
  static const Pages pages;
  return pages[point];
}

template <class Table>
const auto* find(const Table& table, char32_t point) {
  const auto* found = std::lower_bound(std::begin(table), std::end(table), point,
                                       [](const auto& one, char32_t other) { return one.point < other; });
  return found != std::end(table) && found->point == point ? found : nullptr;
}

std::uint8_t combining_class(char32_t point) {
  if (!is(point, kReordered)) return 0;
  const auto* found = find(kCombiningClasses, point);
  return found ? found->value : 0;
}

/// The arithmetic of Hangul syllables (The Unicode Standard, 3.12).
constexpr char32_t kSyllables = Pages::kHangulBase, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11a7;
constexpr char32_t kLeadCount = 19, kVowelCount = 21, kTailCount = 28;

void append_decomposed(std::u32string& points, char32_t point, bool compatible) {
  if (!is(point, kDecomposed)) return points.push_back(point);
  if (point >= kSyllables && point < kSyllables + Pages::kHangulCount) {
    const auto index = point - kSyllables;
    points.push_back(kLeads + index / (kVowelCount * kTailCount));
    points.push_back(kVowels + index / kTailCount % kVowelCount);
    if (index % kTailCount) points.push_back(kTails + index % kTailCount);
    return;
  }
  if (compatible)
    if (const auto* found = find(kCompatible, point)) {
      points.append(kCompatiblePool + found->start, found->size);
      return;
    }
  const auto* found = find(kCanonical, point);
  found ? points.append(kCanonicalPool + found->start, found->size) : points.append(1, point);
}

/// Puts marks that follow each other in the order of their classes.
void reorder(std::u32string& points) {
  for (auto at = points.begin(); at != points.end();) {
    if (!is(*at, kReordered)) {
      ++at;
      continue;
    }
    const auto end = std::find_if(at, points.end(), [](char32_t point) { return !is(point, kReordered); });
    std::stable_sort(at, end, [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    at = end;
  }
}

/// Returns what two characters are together; 0 where they stay two.
char32_t composed(char32_t first, char32_t second) {
  if (first >= kLeads && first < kLeads + kLeadCount && second >= kVowels && second < kVowels + kVowelCount)
    return kSyllables + ((first - kLeads) * kVowelCount + (second - kVowels)) * kTailCount;
  if (first >= kSyllables && first < kSyllables + Pages::kHangulCount && (first - kSyllables) % kTailCount == 0 &&
      second > kTails && second < kTails + kTailCount)
    return first + (second - kTails);
  const std::pair<char32_t, char32_t> both{first, second};
  const auto* found = std::lower_bound(std::begin(kCompositions), std::end(kCompositions), both,
                                       [](const Composition& one, const auto& other) {
                                         return std::pair{one.first, one.second} < other;
                                       });
  return found != std::end(kCompositions) && std::pair{found->first, found->second} == both ? found->composed : 0;
}

void compose(std::u32string& points) {
  std::size_t end = 0, starter = points.size();
  std::uint8_t before = 0;  // the class of what was kept last
  for (const auto point : points) {
    const auto own = combining_class(point);
    const bool reachable = starter < end && (end == starter + 1 || before < own);
    if (const auto whole = reachable ? composed(points[starter], point) : 0) {
      points[starter] = whole;
      continue;
    }
    if (own == 0) starter = end;
    before = own;
    points[end++] = point;
  }
  points.resize(end);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::uint32_t properties(char32_t point) { return entry(point) & ((1U << kCategoryShift) - 1); }

Category category(char32_t point) { return static_cast<Category>(entry(point) >> kCategoryShift); }

std::optional<std::size_t> invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const auto first = byte(0);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + size > text.size()) return at;
    for (std::size_t i = 1; i < size; ++i)
      if ((byte(i) & 0xc0) != 0x80) return at;
    const auto second = byte(1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f))
      return at;
    at += size;
  }
  return std::nullopt;
}

char32_t next(std::string_view text, std::size_t& at) {
  const auto byte = [&] { return static_cast<unsigned char>(text[at++]); };
  const char32_t first = byte();
  if (first < 0x80) return first;
  char32_t point = first & (first < 0xe0 ? 0x1f : first < 0xf0 ? 0x0f : 0x07);
  for (auto more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3; more > 0; --more) point = point << 6 | (byte() & 0x3f);
  return point;
}

std::size_t previous(std::string_view text, std::size_t at) {
  do --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
  return at;
}

void append(std::string& text, char32_t point) {
  const auto add = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      add(0xe0 | point >> 12);
    } else {
      add(0xf0 | point >> 18);
      add(0x80 | (point >> 12 & 0x3f));
    }
    add(0x80 | (point >> 6 & 0x3f));
  }
  add(0x80 | (point & 0x3f));
}

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string normalized(std::string_view text, Form form) {
  if (is_ascii(text)) return std::string(text);
  std::u32string points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();)
    append_decomposed(points, next(text, at), form == Form::kNfkc || form == Form::kNfkd);
  reorder(points);
  if (form == Form::kNfc || form == Form::kNfkc) compose(points);
  std::string out;
  out.reserve(text.size());
  for (const auto point : points) append(out, point);
  return out;
}

std::string lowered(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto point = next(text, at);
    const auto* found = is(point, kLowered) ? find(kLower, point) : nullptr;
    if (!found) {
      append(out, point);
      continue;
    }
    for (std::uint8_t i = 0; i < found->size; ++i) append(out, kLowerPool[found->start + i]);
  }
  return out;
}

}  // namespace edgeattn::text
