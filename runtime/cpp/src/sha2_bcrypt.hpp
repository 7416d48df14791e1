// SHA-2 of Windows.
#pragma once

#include <windows.h>
// which the next needs
#include <bcrypt.h>

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

namespace edgeattn {

template <std::size_t size>
class Hash {
 public:
  using Digest = std::array<std::uint8_t, size>;

  Hash() {
    BCRYPT_HASH_HANDLE made = nullptr;
    require(BCryptCreateHash(algorithm(), &made, nullptr, 0, nullptr, 0, 0));
    handle_.reset(made);
  }

  void update(std::string_view bytes) {
    const auto* data = reinterpret_cast<const UCHAR*>(bytes.data());
    require(BCryptHashData(handle_.get(), const_cast<UCHAR*>(data), static_cast<ULONG>(bytes.size()), 0));
  }

  Digest digest() {
    Digest digest{};
    require(BCryptFinishHash(handle_.get(), digest.data(), static_cast<ULONG>(digest.size()), 0));
    return digest;
  }

 private:
  struct Destroy {
    void operator()(void* handle) const { BCryptDestroyHash(handle); }
  };

  static BCRYPT_ALG_HANDLE algorithm() {
    static const BCRYPT_ALG_HANDLE opened = [] {  // as long as the process lives
      BCRYPT_ALG_HANDLE made = nullptr;
      const auto* name = size == 32 ? BCRYPT_SHA256_ALGORITHM : BCRYPT_SHA512_ALGORITHM;
      require(BCryptOpenAlgorithmProvider(&made, name, nullptr, 0));
      return made;
    }();
    return opened;
  }

  static void require(NTSTATUS status) {
    if (status < 0) throw std::bad_alloc();  // nothing else fails there
  }

  std::unique_ptr<void, Destroy> handle_;
};

using Sha256 = Hash<32>;
using Sha512 = Hash<64>;

}  // namespace edgeattn
