// libFuzzer: whatever the bytes, the reader of manifests returns or throws a BundleError.
#include "edgeattn.hpp"
#include "manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    edgeattn::parse_manifest({reinterpret_cast<const char*>(data), size});
  } catch (const edgeattn::BundleError&) {
  }
  return 0;
}
