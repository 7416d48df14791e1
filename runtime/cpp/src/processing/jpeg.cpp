// The segments of a JPEG file (ISO/IEC 10918-1, annex B).
#include "image_header.hpp"
#include "orientation.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

constexpr unsigned kStart = 0xd8, kEnd = 0xd9, kScan = 0xda, kExif = 0xe1;  // markers
constexpr int kMostScans = 64;  // each passes over all pixels, whatever its size; encoders write some ten

unsigned byte(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }
unsigned uint16_at(std::string_view bytes, std::size_t at) { return byte(bytes, at) << 8 | byte(bytes, at + 1); }

bool stands_alone(unsigned marker) { return marker == 0x01 || (marker >= 0xd0 && marker <= kStart); }

/// Says whether a marker begins a frame: SOF0 to SOF15, without DHT, JPG and DAC among them.
bool begins_frame(unsigned marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

void read_frame(std::string_view data, ImageHeader& header) {
  if (data.size() < 6) throw InputError("a JPEG file without its size; save it again");
  if (byte(data, 0) != 8)
    throw InputError(words(byte(data, 0), " bits a channel found, 8 expected; convert the image"));
  header.height = uint16_at(data, 1), header.width = uint16_at(data, 3);
  if (const auto channels = byte(data, 5); channels != 1 && channels != 3)
    throw InputError(words(channels, " channels found, grey or three colors expected; convert the image"));
}

/// Returns where the next marker stands behind a scan's data, in which FF is followed by 0 or a restart.
std::size_t end_of_scan(std::string_view bytes, std::size_t at) {
  for (; at + 1 < bytes.size(); ++at)
    if (byte(bytes, at) == 0xff && byte(bytes, at + 1) != 0 &&
        (byte(bytes, at + 1) < 0xd0 || byte(bytes, at + 1) > 0xd7))
      return at;
  return bytes.size();
}

}  // namespace

ImageHeader jpeg_header(std::string_view bytes) {
  ImageHeader header;
  bool framed = false, turned = false;
  int scans = 0;
  for (std::size_t at = 2; at + 1 < bytes.size();) {
    const auto marker = byte(bytes, at + 1);
    if (byte(bytes, at) != 0xff) throw InputError("a JPEG file that was damaged; save it again");
    if (marker == 0xff) {  // filling
      ++at;
      continue;
    }
    at += 2;
    if (stands_alone(marker)) continue;
    if (marker == kEnd) {
      if (!framed) throw InputError("a JPEG file without an image; save it again");
      return header;
    }
    if (bytes.size() - at < 2 || uint16_at(bytes, at) < 2 || uint16_at(bytes, at) > bytes.size() - at) break;
    const auto data = bytes.substr(at + 2, uint16_at(bytes, at) - 2);
    if (begins_frame(marker) && !framed) read_frame(data, header), framed = true;
    if (marker == kExif && !turned && data.substr(0, 6) == std::string_view("Exif\0\0", 6))
      header.orientation = orientation_of(data.substr(6)), turned = true;
    at += data.size() + 2;
    if (marker == kScan) at = end_of_scan(bytes, at), ++scans;
    if (scans > kMostScans)
      throw InputError(words("more than ", kMostScans, " scans found; save the image again"));
  }
  throw InputError("a JPEG file without its end (cut?); save it again");
}

}  // namespace edgeattn
