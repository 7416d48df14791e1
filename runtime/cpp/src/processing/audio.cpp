// Sounds become an input: samples, or log-mel features.
#include <algorithm>
#include <cmath>

#include "log_mel.hpp"
#include "model.hpp"
#include "part.hpp"
#include "shape.hpp"

namespace edgeattn {
namespace {

std::int64_t time_of(const Sound& sound) {
  return static_cast<std::int64_t>(sound.samples.size()) / std::max<std::int64_t>(sound.channels, 1);
}

void check_sound(const AudioProcessing& how, const Sound& sound) {
  if (sound.rate != how.rate)
    throw InputError(words("audio: ", sound.rate, " Hz found, ", how.rate, " expected; resample it first"));
  if (sound.channels != how.channels)
    throw InputError(
        words("audio: ", sound.channels, " channel(s) found, ", how.channels, " expected; mix it first"));
  if (static_cast<std::int64_t>(sound.samples.size()) % sound.channels != 0)
    throw InputError(words("audio: ", sound.samples.size(), " samples found for ", sound.channels,
                           " channels, as many in each expected"));
  if (sound.samples.empty()) throw InputError("audio: no sample found, at least one expected");
  if (!std::all_of(sound.samples.begin(), sound.samples.end(), [](float x) { return std::abs(x) <= 1; }))
    throw InputError("audio: samples beyond -1 to 1 found, or none of numbers; scale it first");
}

/// Returns how many samples a channel the input takes of these sounds.
std::int64_t time_of(const std::vector<Sound>& sounds, const Dim& last) {
  const auto [least, most] = std::minmax_element(
      sounds.begin(), sounds.end(), [](const Sound& a, const Sound& b) { return time_of(a) < time_of(b); });
  if (!last.symbol.empty() && time_of(*least) != time_of(*most))
    throw InputError(words("audio: sounds of ", time_of(*least), " to ", time_of(*most),
                           " samples found, one length expected; prepare them one by one"));
  if (last.symbol.empty() && time_of(*most) > last.size)
    throw InputError(words("audio: ", time_of(*most), " samples found, ", last.size,
                           " at most expected; cut it, or move a window over it"));
  return last.symbol.empty() ? last.size : time_of(*most);
}

Tensor samples_of(const std::vector<Sound>& sounds, const TensorSpec& input) {
  const auto batch = static_cast<std::int64_t>(sounds.size()), channels = sounds.front().channels;
  const auto time = time_of(sounds, input.dims.back());
  auto tensor = zeros("float32",
                      input.dims.size() == 3 ? std::vector{batch, channels, time} : std::vector{batch, time});
  auto* row = reinterpret_cast<float*>(tensor.data.data());
  for (const auto& sound : sounds)
    for (std::int64_t channel = 0; channel < channels; ++channel, row += time)
      std::copy_n(sound.samples.data() + channel * time_of(sound), time_of(sound), row);
  return tensor;
}

Tensor features_of(const std::vector<Sound>& sounds, const LogMel& how, std::int64_t rate) {
  LogMelFeatures features(how, rate);
  std::int64_t longest = 0;
  for (const auto& sound : sounds) longest = std::max(longest, features.tokens(time_of(sound)));
  const auto size = how.bands * how.stack;
  auto tensor = zeros("float32", {static_cast<std::int64_t>(sounds.size()), longest, size});
  auto* row = reinterpret_cast<float*>(tensor.data.data());
  for (const auto& sound : sounds) {
    features.write(sound.samples.data(), time_of(sound), row);
    row += longest * size;
  }
  return tensor;
}

}  // namespace

Tensors Model::prepare(const std::vector<Sound>& sounds) const {
  const auto& how = part_of(manifest(), &Processing::audio, "audio");
  if (sounds.empty()) throw InputError("audio: an empty batch found, at least one expected");
  for (const auto& sound : sounds) check_sound(how, sound);
  return {{how.input, how.log_mel ? features_of(sounds, *how.log_mel, how.rate)
                                  : samples_of(sounds, input_of(manifest(), how.input))}};
}

}  // namespace edgeattn
