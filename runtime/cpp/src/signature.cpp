#include "signature.hpp"

#include <array>
#include <cstdint>

extern "C" {
#include <monocypher/monocypher.h>
}

#include "sha2.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

constexpr std::size_t kKey = 32;  // bytes

std::string decoded(const std::string& key) {
  std::string bytes;
  for (std::size_t i = 0; i < kKey; ++i) bytes += static_cast<char>(std::stoi(key.substr(2 * i, 2), nullptr, 16));
  return bytes;
}

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

/// Verifies an Ed25519 signature, 64 bytes, by a public key of 32 bytes (RFC 8032, section 5.1.7).
bool verifies(std::string_view message, std::string_view signature, std::string_view key) {
  const auto hash = sha512({signature.substr(0, kKey), key, message});
  std::array<std::uint8_t, 32> reduced{};  // modulo the order of the curve's group
  crypto_eddsa_reduce(reduced.data(), hash.data());
  return crypto_eddsa_check_equation(bytes_of(signature), bytes_of(key), reduced.data()) == 0;
}

}  // namespace

void check_keys(const Keys& keys) {
  if (keys.empty())
    throw InputError("trusted_keys: no key found, at least one expected; leave it out to verify nothing");
  for (const auto& key : keys)
    if (key.size() != 2 * kKey || key.find_first_not_of("0123456789abcdef") != std::string::npos)
      throw InputError(
          words("trusted_keys: ", quoted(key), " found, 64 lowercase hex digits of a public key expected"));
}

std::optional<std::string> signer_of(std::string_view message, std::string_view signature, const Keys& keys) {
  if (signature.size() != kSignatureBytes) return {};
  for (const auto& key : keys)
    if (verifies(message, signature, decoded(key))) return key;
  return {};
}

}  // namespace edgeattn
