// stb_image, held to as much memory as an image of its size may need.
#pragma once

#include <string_view>

#include "edgeattn.hpp"

namespace edgeattn {

/// Decodes a PNG or JPEG file of a known size. Throws InputError where it cannot be decoded whole.
Image stb_image(std::string_view bytes, std::int64_t height, std::int64_t width);

}  // namespace edgeattn
