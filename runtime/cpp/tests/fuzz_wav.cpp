// libFuzzer: whatever the bytes, the reader of WAV files returns or throws an InputError.
#include "edgeattn.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    edgeattn::decode_wav({reinterpret_cast<const char*>(data), size});
  } catch (const edgeattn::InputError&) {
  }
  return 0;
}
