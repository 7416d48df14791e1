// libFuzzer: whatever the bytes, the reader of safetensors returns or throws an InputError.
#include "fuzzing.hpp"
#include "safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return edgeattn::fuzzing::fuzz<edgeattn::InputError>([&] {
    edgeattn::parse_safetensors({reinterpret_cast<const char*>(data), size});
  });
}
