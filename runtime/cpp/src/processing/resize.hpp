// What size an image is made, and which of it an input takes.
#pragma once

#include "edgeattn_manifest.hpp"
#include "resample.hpp"

namespace edgeattn {

/// Returns what size an image of this one is made; a side may become 0. The manifest's check bounds each factor.
Size resized(const ImageProcessing& how, Size from);

/// Returns the first of `size` places that an input of `kept` takes; below 0, a border stands before.
std::int64_t first_kept(const std::string& align, std::int64_t size, std::int64_t kept);

/// Returns what an input shows of an image: left, top, right and bottom in the image's own pixels, beyond it where a border
/// is. Throws InputError where the image is too narrow.
std::array<double, 4> shown(const ImageProcessing& how, Size of);

}  // namespace edgeattn
