// libFuzzer: log-mel features of any sizes, made of any sound, are numbers, or refused with an InputError.
//
// The first bytes are the sizes, the others samples of 16 bits.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "edgeattn.hpp"
#include "fuzzing.hpp"
#include "processing/log_mel.hpp"

namespace {

constexpr std::int64_t kRate = 16000;
constexpr std::size_t kSizes = 5;  // bytes

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kSizes) return 0;
  const edgeattn::LogMel how = {1 + (data[0] | data[1] << 8) % 1024, 1 + data[2], 1 + data[3],
                                1 + data[4] % 8, 1e-10};
  std::vector<float> samples((size - kSizes) / 2);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::int16_t sample = 0;
    std::memcpy(&sample, data + kSizes + 2 * i, sizeof sample);
    samples[i] = static_cast<float>(sample) / 32768;
  }
  return edgeattn::fuzzing::fuzz<edgeattn::InputError>([&] {
    edgeattn::LogMelFeatures features(how, kRate);
    const auto count = static_cast<std::int64_t>(samples.size());
    std::vector<float> out(static_cast<std::size_t>(features.tokens(count) * how.bands * how.stack));
    features.write(samples.data(), count, out.data());
    if (!std::all_of(out.begin(), out.end(), [](float x) { return std::isfinite(x); }))
      edgeattn::fuzzing::fail("wrong: a feature that is no number");
  });
}
