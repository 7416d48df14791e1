#include "charsmap.hpp"

#include <algorithm>

#include "graphemes.hpp"
#include "pattern.hpp"

namespace edgeattn::text {
namespace {

std::string bytes_of(std::string_view base64) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  while (!base64.empty() && base64.back() == '=') base64.remove_suffix(1);
  for (const char c : base64) {
    const auto digit = std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
    if (digit == std::string_view::npos) throw BundleError("normalizer Precompiled: no base64 found");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) bytes.push_back(static_cast<char>(bits >> (count -= 8) & 0xff));
  }
  return bytes;
}

std::uint32_t unit_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

}  // namespace

Charsmap::Charsmap(std::string_view base64) {
  const auto bytes = bytes_of(base64);
  const auto size = bytes.size() < 4 ? 0 : unit_at(bytes, 0);
  if (size == 0 || size % 4 != 0 || size > bytes.size() - 4)
    throw BundleError("normalizer Precompiled: a map of characters that is cut found");
  for (std::size_t at = 4; at < size + 4; at += 4) units_.push_back(unit_at(bytes, at));
  texts_ = bytes.substr(size + 4);
  if (invalid_utf8(texts_)) throw BundleError("normalizer Precompiled: texts that are no UTF-8 found");
  texts_.push_back('\0');
  for (std::size_t at = 0; at < texts_.size();) {
    const auto end = texts_.find('\0', at);
    longest_ = std::max(longest_, end - at);
    at = end + 1;
  }
}

std::string_view Charsmap::mapped(std::string_view chunk) const {
  const auto offset = [](std::uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); };
  auto unit = units_[0];
  std::size_t node = offset(unit);
  for (const char c : chunk) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) break;
    node ^= byte;
    if (node >= units_.size()) break;
    unit = units_[node];
    if ((unit & ((1U << 31) | 0xff)) != byte) break;
    node ^= offset(unit);
    if (node >= units_.size()) break;
    if (unit >> 8 & 1) {
      const std::size_t start = units_[node] & ((1U << 31) - 1);
      if (start >= texts_.size()) break;
      return std::string_view(texts_).substr(start, texts_.find('\0', start) - start);
    }
  }
  return {};
}

std::string Charsmap::apply(std::string_view text) const {
  constexpr std::size_t kLongest = 6;  // bytes of a cluster that is not looked up as a whole
  std::string out;
  out.reserve(text.size());
  const auto replace = [&](std::string_view chunk) {
    const auto found = mapped(chunk);
    if (found.data()) out.append(found);
    return found.data() != nullptr;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto end = cluster_end(text, at);
    const auto cluster = text.substr(at, end - at);
    if (cluster.size() >= kLongest || !replace(cluster))
      for (std::size_t i = 0; i < cluster.size(); i += width(cluster[i])) {
        const auto character = cluster.substr(i, width(cluster[i]));
        if (!replace(character)) out.append(character);
      }
    check_bytes(out.size());
    at = end;
  }
  return out;
}

}  // namespace edgeattn::text
