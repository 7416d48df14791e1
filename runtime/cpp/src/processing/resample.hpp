// Resampling of values of 8 bits, one axis after the other, to the bit as Pillow has it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgeattn {

/// The height and width of an image.
struct Size {
  std::int64_t height, width;
};

/// Rows of values of 8 bits, `channels` of them a place.
struct Pixels {
  std::int64_t height, width, channels;
  std::vector<std::uint8_t> values;
};

/// Returns an image in another size, by the filter of that name.
Pixels resampled(Pixels image, Size to, const std::string& filter);

}  // namespace edgeattn
