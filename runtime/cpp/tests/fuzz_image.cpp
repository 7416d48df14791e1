// libFuzzer: whatever the bytes, the decoder of images returns or throws an InputError.
#include "processing/stb.hpp"

template <class Decode>
static void refused_or_decoded(Decode decode) {
  try {
    decode();
  } catch (const edgeattn::InputError&) {
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  refused_or_decoded([&] { edgeattn::decode_image(bytes); });
  refused_or_decoded([&] { edgeattn::stb_image(bytes, 13, 9); });  // also where a PNG's checksums are wrong
  return 0;
}
