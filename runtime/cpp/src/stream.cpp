// A window that moves over a sound or over series as they come: one call a hop.
#include "processing/part.hpp"
#include "stream_buffer.hpp"

namespace edgeattn {
namespace {

/// Returns how many samples, or numbers of each series, the input takes; none where it takes any.
std::optional<std::int64_t> own_window(const Manifest& manifest, const Processing& how) {
  if (how.audio && how.audio->log_mel) return std::nullopt;
  const auto& last = input_of(manifest, how.audio ? how.audio->input : how.series->input).dims.back();
  return last.symbol.empty() ? std::optional(last.size) : std::nullopt;
}

}  // namespace

struct Stream::State {
  Model model;
  std::optional<StreamBuffer<float>> sound;
  std::optional<StreamBuffer<double>> series;
  std::vector<Sound> heard;  // the window, as it is prepared: one of either
  std::vector<Series> seen;
};

Stream::Stream(const Model& model, const StreamOptions& options) {
  const auto& manifest = model.manifest();
  const auto& how = manifest.processing;
  if (!how || (!how->audio && !how->series))
    throw InputError(words(manifest.name, ": prepares neither audio nor series; call it with arrays"));
  const auto window = options.window ? options.window : own_window(manifest, *how);
  if (!window)
    throw InputError(words("window: none found, a number expected: ", manifest.name, " takes any"));
  if (options.hop < 1 || *window < 1)
    throw InputError(
        words("a hop of ", options.hop, " in a window of ", *window, " found, at least 1 of each expected"));
  state_ = std::make_unique<State>(State{model, {}, {}, {}, {}});
  if (how->audio) {
    state_->sound.emplace(how->audio->channels, options.hop, *window);
    state_->heard.push_back({how->audio->rate, how->audio->channels, {}});
  } else {
    const auto count = static_cast<std::int64_t>(how->series->names.size());
    state_->series.emplace(count, options.hop, *window);
    state_->seen.push_back({count, {}});
  }
}

Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

void Stream::push(const std::vector<float>& samples) {
  if (!state_->sound) throw InputError("a sound found, which this bundle does not take");
  state_->sound->push(samples);
}

void Stream::push(const std::vector<double>& values) {
  if (!state_->series) throw InputError("series found, which this bundle does not take");
  state_->series->push(values);
}

void Stream::reset() {
  if (state_->sound) state_->sound->clear();
  if (state_->series) state_->series->clear();
}

std::optional<Moment> Stream::next() {
  auto& [model, sound, series, heard, seen] = *state_;
  std::int64_t end = 0;
  if (!(sound ? sound->next(heard[0].samples, end) : series->next(seen[0].values, end))) return std::nullopt;
  return Moment{end, model.run(sound ? model.prepare(heard) : model.prepare(seen))};
}

}  // namespace edgeattn
