#include "signature.hpp"

#include <array>
#include <cstdint>

extern "C" {
#include <monocypher/monocypher-ed25519.h>
}

#include "words.hpp"

namespace edgeattn {
namespace {

constexpr std::size_t kKey = 32, kSignature = 64;  // bytes

std::array<std::uint8_t, kKey> decoded(const std::string& key) {
  std::array<std::uint8_t, kKey> bytes{};
  for (std::size_t i = 0; i < kKey; ++i)
    bytes[i] = static_cast<std::uint8_t>(std::stoi(key.substr(2 * i, 2), nullptr, 16));
  return bytes;
}

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace

void check_keys(const Keys& keys) {
  if (keys.empty())
    throw InputError("trusted_keys: no key found, at least one expected; leave it out to verify nothing");
  for (const auto& key : keys)
    if (key.size() != 2 * kKey || key.find_first_not_of("0123456789abcdef") != key.npos)
      throw InputError(
          words("trusted_keys: ", quoted(key), " found, 64 lowercase hex digits of a public key expected"));
}

std::optional<std::string> signer_of(std::string_view message, std::string_view signature, const Keys& keys) {
  if (signature.size() != kSignature) return {};
  for (const auto& key : keys)
    if (crypto_ed25519_check(bytes_of(signature), decoded(key).data(), bytes_of(message), message.size()) ==
        0)
      return key;
  return {};
}

}  // namespace edgeattn
