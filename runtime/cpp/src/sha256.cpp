#include "sha256.hpp"

#include <algorithm>
#include <array>
#include <vector>

#if defined(__APPLE__)
#include <CommonCrypto/CommonDigest.h>
#elif defined(EDGEATTN_LIBCRYPTO)
#include <openssl/evp.h>

#include <memory>
#include <new>
#else
#include <picosha2/picosha2.h>
#endif

namespace edgeattn {
namespace {

constexpr std::size_t kBlock = 1 << 20;  // bytes

using Digest = std::array<unsigned char, 32>;

#if defined(__APPLE__)

class Hash {
 public:
  Hash() { CC_SHA256_Init(&context_); }

  void update(std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kBlock)))  // CC_LONG has 32 bits
      CC_SHA256_Update(&context_, bytes.data(), static_cast<CC_LONG>(std::min(bytes.size(), kBlock)));
  }

  Digest digest() {
    Digest digest{};
    CC_SHA256_Final(digest.data(), &context_);
    return digest;
  }

 private:
  CC_SHA256_CTX context_{};
};

#elif defined(EDGEATTN_LIBCRYPTO)

class Hash {
 public:
  Hash() { require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr)); }

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

#else

class Hash {
 public:
  void update(std::string_view bytes) { hash_.process(bytes.begin(), bytes.end()); }

  Digest digest() {
    Digest digest{};
    hash_.finish();
    hash_.get_hash_bytes(digest.begin(), digest.end());
    return digest;
  }

 private:
  picosha2::hash256_one_by_one hash_;
};

#endif

std::string hex(const Digest& digest) {
  std::string hex;
  for (const auto byte : digest) hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return hex;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  Hash hash;
  hash.update(bytes);
  return hex(hash.digest());
}

std::string sha256(std::istream& stream) {
  Hash hash;
  std::vector<char> block(kBlock);
  while (stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    hash.update({block.data(), static_cast<std::size_t>(stream.gcount())});
  }
  return hex(hash.digest());
}

}  // namespace edgeattn
