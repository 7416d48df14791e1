// libFuzzer: whatever the bytes, none of them are a message that the key of RFC 8032's first test signed.
//
// The first 64 bytes are the signature, or fewer where there are no more.
#include <algorithm>

#include "fuzzing.hpp"
#include "signature.hpp"
#include "words.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const edgeattn::Keys keys = {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto end = std::min<std::size_t>(size, 64);
  return edgeattn::fuzzing::fuzz<edgeattn::BundleError>([&] {
    if (edgeattn::signer_of(bytes.substr(end), bytes.substr(0, end), keys))
      edgeattn::fuzzing::fail("wrong: a signature that nobody made");
    throw edgeattn::BundleError("signed by no trusted key");
  });
}
