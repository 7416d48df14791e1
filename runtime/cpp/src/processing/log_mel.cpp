#include "log_mel.hpp"

#include <algorithm>
#include <cmath>

#include "words.hpp"

namespace edgeattn {
namespace {

double mel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }

}  // namespace

LogMelFeatures::LogMelFeatures(const LogMel& how, std::int64_t rate)
    : how_(how), spectrum_(static_cast<std::size_t>(how.frame)) {
  const auto frame = static_cast<std::size_t>(how.frame), bins = spectrum_.bins();
  frame_.resize(frame), power_.resize(bins);
  for (std::size_t i = 0; i < frame; ++i)
    window_.push_back(
        0.5 - 0.5 * std::cos(2 * std::acos(-1.0) * static_cast<double>(i) / static_cast<double>(frame)));
  const double highest = static_cast<double>(rate) / 2;
  const double step = mel(highest) / static_cast<double>(how.bands + 1);
  for (std::size_t k = 0; k < bins; ++k) {
    const double hertz = static_cast<double>(k) * highest / static_cast<double>(bins - 1);
    const double place = mel(hertz) / step, band = std::floor(place);
    shares_.push_back({static_cast<std::int64_t>(band), 1 - (place - band), place - band});
  }
}

std::int64_t LogMelFeatures::tokens(std::int64_t samples) const {
  const auto least = std::max<std::int64_t>(how_.frame - how_.hop + 1, 1);
  if (samples < least)
    throw InputError(words("audio: ", samples, " samples found, at least ", least, " expected"));
  const auto beyond = samples + how_.hop - how_.frame, step = how_.hop * how_.stack;
  return std::max<std::int64_t>(beyond / step + (beyond % step > 0), 1);
}

void LogMelFeatures::write(const float* samples, std::int64_t count, float* out) {
  const auto frames = tokens(count) * how_.stack;
  bands_.resize(static_cast<std::size_t>(frames * how_.bands));
  for (std::int64_t f = 0; f < frames; ++f) {
    const auto first = std::min(f * how_.hop, count);
    write_frame(samples + first, std::min(count - first, how_.frame),
                &bands_[static_cast<std::size_t>(f * how_.bands)]);
  }
  const auto [least, most] = std::minmax_element(bands_.begin(), bands_.end());
  if (*least == *most) throw InputError("audio: silence found, a sound expected; record it again");
  const auto number = static_cast<double>(bands_.size());
  double sum = 0, squares = 0;
  for (const auto band : bands_) sum += band;
  const double mean = sum / number;
  for (const auto band : bands_) squares += (band - mean) * (band - mean);
  const double deviation = std::sqrt(squares / (number - 1));
  for (const auto band : bands_) *out++ = static_cast<float>((band - mean) / deviation);
}

/// Writes the bands of one frame; zeros follow the last of its `count` samples.
void LogMelFeatures::write_frame(const float* samples, std::int64_t count, double* bands) {
  for (std::size_t i = 0; i < frame_.size(); ++i)
    frame_[i] = static_cast<std::int64_t>(i) < count ? samples[i] * window_[i] : 0;
  spectrum_.write(frame_, power_);
  std::fill_n(bands, how_.bands, 0.0);
  for (std::size_t k = 0; k < power_.size(); ++k) {
    const auto& [band, lower, upper] = shares_[k];
    if (band >= 1 && band <= how_.bands) bands[band - 1] += lower * power_[k];
    if (band < how_.bands) bands[band] += upper * power_[k];
  }
  for (std::int64_t b = 0; b < how_.bands; ++b) bands[b] = std::log(bands[b] + how_.floor);
}

}  // namespace edgeattn
