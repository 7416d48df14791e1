// libFuzzer: whatever the bytes, the reader of safetensors returns or throws an InputError.
#include "safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    edgeattn::parse_safetensors({reinterpret_cast<const char*>(data), size});
  } catch (const edgeattn::InputError&) {
  }
  return 0;
}
