#include "legible.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "text/unicode.hpp"

namespace edgeattn {
namespace {

bool is_seen(char32_t point) {
  using namespace text;
  constexpr auto kUnseen = 1U << kZs | 1U << kZl | 1U << kZp | 1U << kCc | 1U << kCf | 1U << kCo | 1U << kCn;
  return point == ' ' || !(kUnseen >> category(point) & 1);
}

std::string escape(char32_t point) {
  char out[sizeof "\\U0010ffff"];
  const char* form = point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x";
  std::snprintf(out, sizeof out, form, static_cast<unsigned>(point));
  return out;
}

}  // namespace

bool is_printable(const std::string& text) {
  for (std::size_t at = 0; at < text.size();)
    if (!is_seen(text::next(text, at))) return false;
  return !text.empty();
}

std::string legible(const std::string& text) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto valid = text::invalid_utf8(rest).value_or(rest.size());
    for (std::size_t at = 0; at < valid;) {
      const auto point = text::next(rest, at);
      if (point == '\n' || is_seen(point))
        text::append(out, point);
      else
        out += escape(point);
    }
    if (valid < rest.size()) out += escape(static_cast<unsigned char>(rest[valid]));
    rest.remove_prefix(std::min(valid + 1, rest.size()));
  }
  return out;
}

std::string shortened(const std::string& text, std::size_t most) {
  constexpr std::string_view kGap = " ... ";
  if (text.size() <= most) return text;
  const auto head = 2 * (most - kGap.size()) / 3, tail = most - kGap.size() - head;
  return text.substr(0, head).append(kGap).append(text, text.size() - tail, tail);
}

std::string one_line(const std::string& text, std::size_t most) {
  auto line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  line = legible(line);
  if (line.size() <= most) return line;
  while (most > 0 && (line[most] & 0xc0) == 0x80) --most;  // in the middle of a character
  return line.substr(0, most) + " ...";
}

}  // namespace edgeattn
