#include "orientation.hpp"

#include <algorithm>

namespace edgeattn {
namespace {

constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;  // a tag, and the type of its value
constexpr std::size_t kEntry = 12;                          // bytes

/// Numbers of a TIFF file, in its own order of bytes; 0 beyond its end.
struct Tiff {
  std::string_view bytes;
  bool little;

  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes.size() || size > bytes.size() - at) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | static_cast<unsigned char>(bytes[at + (little ? size - 1 - i : i)]);
    return value;
  }
};

}  // namespace

int orientation_of(std::string_view exif) {
  const Tiff tiff{exif, exif.substr(0, 2) == "II"};
  if ((!tiff.little && exif.substr(0, 2) != "MM") || tiff.number(2, 2) != 42) return 1;
  const std::size_t directory = tiff.number(4, 4), entries = tiff.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const auto at = directory + 2 + i * kEntry;
    if (tiff.number(at, 2) != kOrientation || tiff.number(at + 2, 2) != kShort) continue;
    const auto value = tiff.number(at + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation == 1) return image;
  const bool crosswise = orientation >= 5;  // its rows are the image's columns
  const bool flipped = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool mirrored = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  Image out{
      crosswise ? image.width : image.height, crosswise ? image.height : image.width, image.channels, {}};
  out.pixels.resize(image.pixels.size());
  auto* place = out.pixels.data();
  for (std::int64_t row = 0; row < out.height; ++row)
    for (std::int64_t column = 0; column < out.width; ++column) {
      const auto y = flipped ? out.height - 1 - row : row, x = mirrored ? out.width - 1 - column : column;
      const auto source = crosswise ? x * image.width + y : y * image.width + x;
      place = std::copy_n(image.pixels.data() + source * image.channels, image.channels, place);
    }
  return out;
}

}  // namespace edgeattn
