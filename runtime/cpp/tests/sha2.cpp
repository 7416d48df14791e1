// Prints the hashes of texts of 0 to 300 bytes, each byte 7 times its place: SHA-256 as this CPU computes it,
// SHA-256 without instructions of its own, and SHA-512.
#include <cstdio>
#include <string>

#include "sha256_instructions.hpp"
#include "sha2_hash.hpp"

namespace {

template <class Hash>
void print_hash(Hash hash, const std::string& text) {
  hash.update(text.substr(0, text.size() / 3));
  hash.update(text.substr(text.size() / 3));
  for (const auto byte : hash.digest()) std::printf("%02x", byte);
  std::printf("\n");
}

}  // namespace

int main() {
  std::string text;
  for (int length = 0; length <= 300; ++length) {
    print_hash(edgeattn::sha2::Hash<std::uint32_t>(edgeattn::sha256_instructions()), text);
    print_hash(edgeattn::sha2::Hash<std::uint32_t>(nullptr), text);
    print_hash(edgeattn::sha2::Hash<std::uint64_t>(nullptr), text);
    text += static_cast<char>(7 * length);
  }
}
