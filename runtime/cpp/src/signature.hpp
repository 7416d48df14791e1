// Verifies signatures: Ed25519 (RFC 8032) over the bytes of manifest.json, which hold every file's hash.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeattn {

using Keys = std::vector<std::string>;  // public keys, each 64 lowercase hex digits

constexpr std::size_t kSignatureBytes = 64;

/// Throws InputError where there is no key, which must not mean all of them, or one is no key.
void check_keys(const Keys& keys);

/// Returns the first of these keys, which were checked, that made a signature over a message.
std::optional<std::string> signer_of(std::string_view message, std::string_view signature, const Keys& keys);

}  // namespace edgeattn
