// PNG and JPEG files: what they say of themselves is checked first, then stb_image decodes them.
#include "file.hpp"
#include "image_header.hpp"
#include "limits.hpp"
#include "orientation.hpp"
#include "stb.hpp"
#include "words.hpp"

namespace edgeattn {

ImageHeader image_header(std::string_view bytes) {
  if (bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n") return png_header(bytes);
  if (bytes.substr(0, 3) == "\xff\xd8\xff") return jpeg_header(bytes);
  const bool webp = bytes.substr(0, 4) == "RIFF" && bytes.size() > 12 && bytes.substr(8, 4) == "WEBP";
  throw InputError(words(webp ? "WebP" : "no image", " found, a PNG or JPEG file expected; convert it"));
}

Image decode_image(std::string_view bytes) {
  const auto header = image_header(bytes);
  if (header.height < 1 || header.width < 1)
    throw InputError(words(header.width, " x ", header.height, " pixels found, at least 1 x 1 expected"));
  if (header.height > kMostPixels / header.width)
    throw InputError(words(header.width, " x ", header.height, " pixels found, at most ", kMostPixels,
                           " expected; give a smaller image"));
  return upright(stb_image(bytes, header.height, header.width), header.orientation);
}

Image read_image(const std::string& path) { return decoded(path, "the file of an image", decode_image); }

}  // namespace edgeattn
