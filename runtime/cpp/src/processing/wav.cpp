// WAV files: integers of 8, 16, 24 or 32 bits, or float32, as samples of -1 to 1.
#include <cmath>

#include "file.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

constexpr std::uint64_t kIntegers = 1, kFloats = 3, kExtensible = 0xfffe;  // formats

/// Returns the integer of `size` bytes at `at`, the least significant first.
std::uint64_t integer(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// What the chunk "fmt " says.
struct Format {
  std::uint64_t kind = 0, channels = 0, rate = 0, frame = 0, bits = 0;
};

Format format_of(std::string_view chunk) {
  if (chunk.size() < 16) throw InputError("a format of few bytes found; save it again as 16-bit PCM");
  Format format{integer(chunk, 0, 2), integer(chunk, 2, 2), integer(chunk, 4, 4), integer(chunk, 12, 2),
                integer(chunk, 14, 2)};
  if (format.kind == kExtensible && chunk.size() >= 26) format.kind = integer(chunk, 24, 2);
  const bool integers =
      format.kind == kIntegers && format.bits >= 8 && format.bits <= 32 && format.bits % 8 == 0;
  const bool floats = format.kind == kFloats && format.bits == 32;
  if (!integers && !floats)
    throw InputError(
        words("format ", format.kind, " of ", format.bits,
              " bits found, integers of 8 to 32 or floats of 32 expected; save it as 16-bit PCM"));
  if (format.channels == 0 || format.rate == 0 || format.frame != format.channels * format.bits / 8)
    throw InputError(words(format.channels, " channel(s) of ", format.rate, " Hz in frames of ", format.frame,
                           " bytes found; save it again"));
  return format;
}

float sample(std::string_view data, std::size_t at, const Format& format) {
  const auto size = static_cast<std::size_t>(format.bits / 8);
  const auto bits = static_cast<std::uint32_t>(integer(data, at, size));
  if (format.kind == kFloats) {
    float number;
    std::memcpy(&number, &bits, sizeof number);
    return number;
  }
  if (size == 1) return static_cast<float>((static_cast<double>(bits) - 128) / 128);
  const auto sign = std::int64_t{1} << (format.bits - 1);  // of two's complement
  const auto value = (static_cast<std::int64_t>(bits) ^ sign) - sign;
  return static_cast<float>(static_cast<double>(value) / static_cast<double>(sign));
}

/// Returns samples that stand frame by frame as one channel behind the other.
Sound sound_of(std::string_view data, const Format& format) {
  const auto channels = static_cast<std::size_t>(format.channels),
             frame = static_cast<std::size_t>(format.frame);
  const auto time = data.size() / frame, size = frame / channels;
  Sound sound{static_cast<std::int64_t>(format.rate), static_cast<std::int64_t>(channels),
              std::vector<float>(time * channels)};
  for (std::size_t i = 0; i < time; ++i)
    for (std::size_t c = 0; c < channels; ++c)
      sound.samples[c * time + i] = sample(data, i * frame + c * size, format);
  return sound;
}

}  // namespace

Sound decode_wav(std::string_view bytes) {
  if (bytes.size() < 12 || bytes.substr(0, 4) != "RIFF" || bytes.substr(8, 4) != "WAVE")
    throw InputError("no WAV file; save it as 16-bit PCM");
  std::optional<Format> format;
  for (std::size_t at = 12; bytes.size() - at >= 8;) {
    const auto name = bytes.substr(at, 4);
    const std::uint64_t size = integer(bytes, at + 4, 4), left = bytes.size() - at - 8;
    const auto chunk = bytes.substr(at + 8, static_cast<std::size_t>(size));
    if (name == "fmt ") format = format_of(chunk);
    if (name == "data") {
      if (!format) throw InputError("samples before their format found; save it again");
      if (size > left || size % format->frame != 0)
        throw InputError(words(chunk.size(), " bytes of samples found, ", size, " in frames of ",
                               format->frame, " told (cut?); save it again"));
      return sound_of(chunk, *format);
    }
    if (size + size % 2 > left) break;  // chunks begin at even places
    at += static_cast<std::size_t>(8 + size + size % 2);
  }
  throw InputError("no samples found (cut?); save it again");
}

Sound read_wav(const std::string& path) { return decoded(path, "a WAV file", decode_wav); }

}  // namespace edgeattn
