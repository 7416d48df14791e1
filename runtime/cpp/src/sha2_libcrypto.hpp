// SHA-2 of libcrypto.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

namespace edgeattn {

template <std::size_t size, const EVP_MD* (*algorithm)()>
class Hash {
 public:
  using Digest = std::array<std::uint8_t, size>;

  Hash() { require(context_ && EVP_DigestInit_ex(context_.get(), algorithm(), nullptr)); }

  void update(std::string_view bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
  }

  Digest digest() {
    Digest digest{};
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    return digest;
  }

 private:
  static void require(bool done) {
    if (!done) throw std::bad_alloc();  // nothing else fails there
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

using Sha256 = Hash<32, EVP_sha256>;
using Sha512 = Hash<64, EVP_sha512>;

}  // namespace edgeattn
