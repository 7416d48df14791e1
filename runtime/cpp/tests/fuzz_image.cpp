// libFuzzer: whatever the bytes, the decoder of images returns or throws an InputError.
#include "fuzzing.hpp"
#include "processing/image_header.hpp"
#include "processing/stb.hpp"

namespace {

constexpr std::int64_t kMostPixels = 1 << 16;  // larger ones take longer, and no other way

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  edgeattn::fuzzing::fuzz<edgeattn::InputError>([&] {
    const auto header = edgeattn::image_header(bytes);
    if (header.width < 1 || header.height <= kMostPixels / header.width) edgeattn::decode_image(bytes);
  });
  try {
    edgeattn::stb_image(bytes, 13, 9);  // also where a PNG's checksums are wrong
  } catch (const edgeattn::InputError&) {
  }
  return 0;
}
