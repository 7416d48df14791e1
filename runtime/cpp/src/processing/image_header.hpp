// What a PNG or JPEG file says of its image, read before any pixel: a kind that no bundle takes is refused.
#pragma once

#include <string_view>

#include "edgeattn.hpp"

namespace edgeattn {

struct ImageHeader {
  std::int64_t height = 0, width = 0;
  int orientation = 1;  // by EXIF
};

/// Reads what a file says, a PNG or JPEG by its first bytes. Throws InputError where it is neither.
ImageHeader image_header(std::string_view bytes);

/// Walks the chunks of a PNG file up to its end and compares their checksums. Throws InputError where it is
/// cut or damaged, has 16 bits a channel, or several frames.
ImageHeader png_header(std::string_view bytes);

/// Walks the segments of a JPEG file up to the end of its first image. Throws InputError where it is cut, or
/// has other colors than grey and three channels of 8 bits.
ImageHeader jpeg_header(std::string_view bytes);

}  // namespace edgeattn
