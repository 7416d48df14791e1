#include "sha2.hpp"

#include <algorithm>
#include <vector>

#if defined(__APPLE__)
#include "sha2_commoncrypto.hpp"
#elif defined(_WIN32)
#include "sha2_bcrypt.hpp"
#else
#include "sha2_libcrypto.hpp"
#endif

namespace edgeattn {
namespace {

constexpr std::size_t kBlock = 1 << 20;  // bytes; some systems count them in 32 bits

template <class Hash>
void add(Hash& hash, std::string_view bytes) {
  for (; bytes.size() > kBlock; bytes.remove_prefix(kBlock)) hash.update(bytes.substr(0, kBlock));
  hash.update(bytes);
}

std::string hex(const Sha256::Digest& digest) {
  std::string hex;
  for (const auto byte : digest) hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return hex;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  add(hash, bytes);
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
  for (const auto part : parts) add(hash, part);
  return hash.digest();
}

}  // namespace edgeattn
