// The chunks of a PNG file (ISO/IEC 15948).
#include <array>

#include "image_header.hpp"
#include "orientation.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

constexpr std::size_t kBeforeChunks = 8, kAround = 12;  // bytes; around the data of each chunk

/// The bits of bytes divided by a polynomial, byte by byte: the checksum of zip, gzip and PNG.
std::array<std::uint32_t, 256> checksum_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    auto rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest & 1 ? 0xedb88320U ^ (rest >> 1) : rest >> 1;
    table[byte] = rest;
  }
  return table;
}

std::uint32_t checksum(std::string_view bytes) {
  static const auto table = checksum_table();
  std::uint32_t rest = 0xffffffffU;
  for (const char byte : bytes) rest = table[(rest ^ static_cast<unsigned char>(byte)) & 0xff] ^ (rest >> 8);
  return ~rest;
}

std::uint32_t uint32_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

}  // namespace

ImageHeader png_header(std::string_view bytes) {
  ImageHeader header;
  std::uint32_t frames = 1;
  bool first = true, pixels = false;
  for (auto at = kBeforeChunks; bytes.size() - at >= kAround;) {
    const std::size_t size = uint32_at(bytes, at), left = bytes.size() - at - kAround;
    if (size > left) break;
    const auto name = bytes.substr(at + 4, 4), data = bytes.substr(at + 8, size);
    if (checksum(bytes.substr(at + 4, size + 4)) != uint32_at(bytes, at + 8 + size))
      throw InputError(words("a PNG file whose ", first ? "header" : "data", " was damaged; save it again"));
    if (first != (name == "IHDR") || (first && size != 13))
      throw InputError("a PNG file without its header; save it again");
    if (first) {
      header.width = uint32_at(data, 0), header.height = uint32_at(data, 4);
      if (data[8] == 16) throw InputError("16 bits a channel found, 8 expected; convert the image");
    }
    first = false;
    if (name == "acTL" && size >= 4 && !pixels) frames = uint32_at(data, 0);
    if (name == "eXIf") header.orientation = orientation_of(data);
    if (name == "IDAT") pixels = true;
    if (name == "IEND") {
      if (frames != 1 || !pixels)
        throw InputError(words(pixels ? frames : 0, " frames found, one expected; give one of them alone"));
      return header;
    }
    at += kAround + size;
  }
  throw InputError("a PNG file without its end (cut?); save it again");
}

}  // namespace edgeattn
