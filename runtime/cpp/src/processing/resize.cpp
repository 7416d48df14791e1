#include "resize.hpp"

#include <algorithm>
#include <cmath>

#include "edgeattn.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

/// Rounds a number of at least 0, halves to the even number, whatever the mode of rounding.
std::int64_t round_even(double x) {
  const auto down = static_cast<std::int64_t>(x);
  const double rest = x - static_cast<double>(down);
  return down + (rest > 0.5 || (rest == 0.5 && down % 2 == 1) ? 1 : 0);
}

Size by_shorter(const Resize& resize, Size from) {
  const auto [short_side, long_side] = std::minmax({from.height, from.width});
  const auto shorter = *resize.shorter, multiple = resize.multiple.value_or(1);
  const auto less = static_cast<double>(short_side), more = static_cast<double>(long_side);
  auto made = shorter, other = shorter * long_side / short_side;
  if (resize.longer && more / less * static_cast<double>(shorter) > static_cast<double>(*resize.longer)) {
    const double bound = static_cast<double>(*resize.longer) * less / more;
    made = round_even(bound), other = static_cast<std::int64_t>(bound * more / less);
  }
  if (made == short_side) other = long_side;
  made -= made % multiple, other -= other % multiple;
  return from.height <= from.width ? Size{made, other} : Size{other, made};
}

}  // namespace

Size resized(const ImageProcessing& how, Size from) {
  if (!how.resize) return {how.height.value_or(0), how.width.value_or(0)};
  const auto& resize = *how.resize;
  if (resize.shorter) return by_shorter(resize, from);
  if (!resize.fit) return {resize.height, resize.width};
  const auto height = static_cast<double>(from.height), width = static_cast<double>(from.width);
  const double down = height / static_cast<double>(resize.height), across = width / static_cast<double>(resize.width);
  const double ratio = *resize.fit == "contain" ? std::max(down, across) : std::min(down, across);
  return {round_even(height / ratio), round_even(width / ratio)};
}

std::int64_t first_kept(const std::string& align, std::int64_t size, std::int64_t kept) {
  if (align == "start") return 0;
  const auto more = size - kept;
  if (align == "center") return more < 0 ? -((1 - more) / 2) : more / 2;
  return more > 0 ? round_even(static_cast<double>(more) / 2) : -(-more / 2);
}

std::array<double, 4> shown(const ImageProcessing& how, Size of) {
  const auto width = static_cast<double>(of.width), height = static_cast<double>(of.height);
  if (how.align.empty()) return {0, 0, width, height};
  const auto made = resized(how, of);
  if (made.height == 0 || made.width == 0)
    throw InputError(words("sizes: ", of.width, " x ", of.height, " found, which becomes ", made.width, " x ", made.height));
  const auto left = first_kept(how.align, made.width, *how.width), top = first_kept(how.align, made.height, *how.height);
  const auto across = [&](std::int64_t at) { return static_cast<double>(at) * width / static_cast<double>(made.width); };
  const auto down = [&](std::int64_t at) { return static_cast<double>(at) * height / static_cast<double>(made.height); };
  return {across(left), down(top), across(left + *how.width), down(top + *how.height)};
}

}  // namespace edgeattn
