// libFuzzer: whatever the bytes, the reader of manifests returns or throws a BundleError.
#include "edgeattn.hpp"
#include "fuzzing.hpp"
#include "json_mutation.hpp"
#include "manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return edgeattn::fuzzing::fuzz<edgeattn::BundleError>([&] {
    edgeattn::parse_manifest({reinterpret_cast<const char*>(data), size});
  });
}
