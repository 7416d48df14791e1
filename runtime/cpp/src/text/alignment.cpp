#include "alignment.hpp"

#include <algorithm>

#include "unicode.hpp"

namespace edgeattn::text {
namespace {

constexpr std::size_t kReach = 16;  // bytes that a difference is looked for to end in
constexpr std::size_t kAlike = 4;   // bytes that are alike behind it

/// A byte, and what it is of: a token, or a character of the text.
struct Byte {
  char value;
  std::size_t owner;
};

/// Adds a text's bytes but for blanks, and for Metaspace's sign, which stands for one.
void append_solid(std::vector<Byte>& bytes, std::string_view text, std::size_t owner, bool keeps_marks) {
  constexpr std::string_view kBlank = "\xe2\x96\x81";
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!keeps_marks && text.substr(at, kBlank.size()) == kBlank) at += kBlank.size() - 1;
    else if (text[at] != ' ' && (text[at] < '\t' || text[at] > '\r')) bytes.push_back({text[at], owner});
  }
}

/// Returns the characters of a text, each with the marks behind it.
std::vector<Range> characters(std::string_view text) {
  std::vector<Range> found;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    if (is(next(text, at), kMark) && !found.empty()) found.back().end = at;
    else found.push_back({begin, at});
  }
  return found;
}

/// Says whether two runs of bytes begin alike, or both end.
bool alike(const std::vector<Byte>& a, std::size_t i, const std::vector<Byte>& b, std::size_t j) {
  const auto left = std::min({a.size() - i, b.size() - j, kAlike});
  if (left == 0) return i == a.size() && j == b.size();
  for (std::size_t k = 0; k < left; ++k)
    if (a[i + k].value != b[j + k].value) return false;
  return true;
}

/// Returns by how many bytes of each a difference is passed, the fewest together; one of each where it does not end.
std::pair<std::size_t, std::size_t> difference(const std::vector<Byte>& a, std::size_t i, const std::vector<Byte>& b,
                                               std::size_t j) {
  for (std::size_t sum = 1; sum <= kReach; ++sum)
    for (std::size_t x = 0; x <= sum; ++x)
      if (i + x <= a.size() && j + sum - x <= b.size() && alike(a, i + x, b, j + sum - x)) return {x, sum - x};
  return {std::min<std::size_t>(1, a.size() - i), 1};
}

/// Returns the bytes of a piece that a token takes; 0 where it stands for others.
std::size_t taken(std::string_view piece, std::string_view token, const Affixes& affixes) {
  const auto begins = [&](std::string_view wanted) { return !wanted.empty() && piece.substr(0, wanted.size()) == wanted; };
  if (begins(token)) return token.size();
  if (!piece.empty() && token == byte_token(static_cast<unsigned char>(piece.front()))) return 1;
  const auto& [prefix, suffix] = affixes;
  if (!prefix.empty() && token.substr(0, prefix.size()) == prefix) token.remove_prefix(prefix.size());
  if (begins(token)) return token.size();
  if (!suffix.empty() && token.size() > suffix.size() && token.substr(token.size() - suffix.size()) == suffix)
    token.remove_suffix(suffix.size());
  return begins(token) ? token.size() : 0;
}

/// Returns the bytes of a piece that an unknown token takes: those before the token that follows, all where none does, or
/// one character where that is unknown too.
std::size_t unknown(std::string_view piece, std::string_view following, const Affixes& affixes) {
  if (following.empty() || piece.empty()) return piece.size();
  const auto first = width(piece.front());
  for (auto end = first; end < piece.size(); end += width(piece[end]))
    if (taken(piece.substr(end), following, affixes)) return end;
  return std::min(first, piece.size());
}

}  // namespace

std::vector<std::size_t> cuts(std::string_view piece, const std::vector<std::string_view>& tokens, const Affixes& affixes) {
  std::vector<std::size_t> sizes;
  std::size_t at = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    auto size = taken(piece.substr(at), tokens[i], affixes);
    if (size == 0) size = unknown(piece.substr(at), i + 1 < tokens.size() ? tokens[i + 1] : "", affixes);
    sizes.push_back(size);
    at += size;
  }
  return sizes;
}

std::vector<std::optional<Range>> align(const Tokenized& tokenized, const std::function<std::string(std::string)>& normalize,
                                        bool keeps_marks) {
  const auto& text = tokenized.text;
  const auto& tokens = tokenized.tokens;
  const auto& runs = tokenized.runs;
  const auto owners = characters(text);
  std::vector<Byte> given, made;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const auto character = text.substr(owners[i].begin, owners[i].end - owners[i].begin);
    append_solid(given, normalize(std::string(character)), i, keeps_marks);
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) append_solid(made, tokens[i], i, keeps_marks);
  std::vector<std::optional<Range>> by_run(runs.empty() ? 0 : runs.back() + 1);
  const auto join = [&](std::size_t i, std::size_t j) {
    const auto& [begin, end] = owners[given[i].owner];
    auto& range = by_run[runs[made[j].owner]];
    range = range ? Range{std::min(range->begin, begin), std::max(range->end, end)} : Range{begin, end};
  };
  for (std::size_t i = 0, j = 0; j < made.size();) {
    auto [x, y] = std::pair<std::size_t, std::size_t>{1, 1};
    if (i == given.size() || given[i].value != made[j].value) std::tie(x, y) = difference(given, i, made, j);
    for (auto k = j; k < j + y; ++k)
      for (auto l = i; l < i + x; ++l) join(l, k);
    i += x;
    j += y;
  }
  std::vector<std::optional<Range>> found;
  for (const auto run : runs) found.push_back(by_run[run]);
  return found;
}

std::optional<Range> without_blanks(std::string_view text, Range range) {
  auto [begin, end] = range;
  for (auto at = begin; begin < end && is(next(text, at), kSpace);) begin = at;
  while (begin < end) {
    const auto last = previous(text, end);
    auto at = last;
    if (!is(next(text, at), kSpace)) return Range{begin, end};
    end = last;
  }
  return {};
}

}  // namespace edgeattn::text
