// How an image lies in its file, by EXIF, and the image upright.
#pragma once

#include <string_view>

#include "edgeattn.hpp"

namespace edgeattn {

/// Returns the orientation, 1 to 8, of EXIF data, which begin with a TIFF header; 1 where they have none.
int orientation_of(std::string_view exif);

/// Returns an image turned and mirrored as its orientation asks for.
Image upright(Image image, int orientation);

}  // namespace edgeattn
