#include "sha2.hpp"

#include <algorithm>
#include <vector>

#ifdef __APPLE__
#include <CommonCrypto/CommonDigest.h>
#else
#include <openssl/evp.h>

#include <memory>
#include <new>
#endif

namespace edgeattn {
namespace {

constexpr std::size_t kBlock = 1 << 20;  // bytes

#ifdef __APPLE__

template <class Context, std::size_t size, int (*init)(Context*), int (*add)(Context*, const void*, CC_LONG),
          int (*finish)(unsigned char*, Context*)>
class Hash {
 public:
  using Digest = std::array<std::uint8_t, size>;

  Hash() { init(&context_); }

  void update(std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kBlock)))  // CC_LONG has 32 bits
      add(&context_, bytes.data(), static_cast<CC_LONG>(std::min(bytes.size(), kBlock)));
  }

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

#else

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

#endif

std::string hex(const Sha256::Digest& digest) {
  std::string hex;
  for (const auto byte : digest) hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return hex;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hex(hash.digest());
}

std::string sha256(std::istream& stream) {
  Sha256 hash;
  std::vector<char> block(kBlock);
  while (stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    hash.update({block.data(), static_cast<std::size_t>(stream.gcount())});
  }
  return hex(hash.digest());
}

std::array<std::uint8_t, 64> sha512(std::initializer_list<std::string_view> parts) {
  Sha512 hash;
  for (const auto part : parts) hash.update(part);
  return hash.digest();
}

}  // namespace edgeattn
