// SHA-2 of Apple's systems.
#pragma once

#include <CommonCrypto/CommonDigest.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace edgeattn {

template <class Context, std::size_t size, int (*init)(Context*), int (*add)(Context*, const void*, CC_LONG),
          int (*finish)(unsigned char*, Context*)>
class Hash {
 public:
  using Digest = std::array<std::uint8_t, size>;

  Hash() { init(&context_); }

  void update(std::string_view bytes) { add(&context_, bytes.data(), static_cast<CC_LONG>(bytes.size())); }

  Digest digest() {
    Digest digest{};
    finish(digest.data(), &context_);
    return digest;
  }

 private:
  Context context_{};
};

using Sha256 = Hash<CC_SHA256_CTX, 32, CC_SHA256_Init, CC_SHA256_Update, CC_SHA256_Final>;
using Sha512 = Hash<CC_SHA512_CTX, 64, CC_SHA512_Init, CC_SHA512_Update, CC_SHA512_Final>;

}  // namespace edgeattn
