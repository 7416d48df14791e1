#include "sha2.hpp"

#include <vector>

#include "sha256_instructions.hpp"
#include "sha2_hash.hpp"

namespace edgeattn {
namespace {

constexpr std::size_t kPiece = 1 << 20;  // bytes that are read at once

using Sha256 = sha2::Hash<std::uint32_t>;
using Sha512 = sha2::Hash<std::uint64_t>;

std::string hex(const Sha256::Digest& digest) {
  std::string hex;
  for (const auto byte : digest) hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return hex;
}

}  // namespace

std::string sha256(std::string_view bytes, const std::function<void(std::size_t)>& on_bytes) {
  Sha256 hash(sha256_instructions());
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const auto piece = bytes.substr(at, kPiece);
    hash.update(piece);
    if (on_bytes) on_bytes(piece.size());
  }
  return hex(hash.digest());
}

std::string sha256(const std::function<std::size_t(char*, std::size_t)>& read,
                   const std::function<void(std::size_t)>& on_bytes) {
  Sha256 hash(sha256_instructions());
  std::vector<char> piece(kPiece);
  while (const auto bytes = read(piece.data(), piece.size())) {
    hash.update({piece.data(), bytes});
    if (on_bytes) on_bytes(bytes);
  }
  return hex(hash.digest());
}

std::array<std::uint8_t, 64> sha512(std::initializer_list<std::string_view> parts) {
  Sha512 hash(nullptr);
  for (const auto part : parts) hash.update(part);
  return hash.digest();
}

}  // namespace edgeattn
