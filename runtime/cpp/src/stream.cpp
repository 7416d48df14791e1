// A window that moves over a sound or over series as they come: one call a hop.
#include <algorithm>
#include <limits>

#include "processing/part.hpp"

namespace edgeattn {

/// Numbers of several rows as they come, of which no more is kept than the windows to come look at.
template <class Number>
class StreamBuffer {
 public:
  StreamBuffer(std::int64_t rows, std::int64_t hop, std::int64_t window)
      : hop_(hop), window_(window), next_(window), rows_(static_cast<std::size_t>(rows)) {}

  /// Adds what has come, one row behind the other.
  void push(const std::vector<Number>& numbers) {
    const auto time = numbers.size() / rows_.size();
    const auto passed = std::min<std::int64_t>(next_ - window_ - begin_, static_cast<std::int64_t>(kept()));
    begin_ += std::max<std::int64_t>(passed, 0);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      auto& row = rows_[i];
      row.erase(row.begin(), row.begin() + std::max<std::int64_t>(passed, 0));
      const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(i * time);
      row.insert(row.end(), first, first + static_cast<std::ptrdiff_t>(time));
    }
  }

  /// Moves the next complete window into `window`, one row behind the other; false where there is none.
  bool next(std::vector<Number>& window, std::int64_t& end) {
    if (next_ > begin_ + static_cast<std::int64_t>(kept())) return false;
    window.clear();
    for (const auto& row : rows_) {
      const auto first = row.begin() + (next_ - window_ - begin_);
      window.insert(window.end(), first, first + window_);
    }
    end = next_;
    next_ += std::min(hop_, std::numeric_limits<std::int64_t>::max() - next_);
    return true;
  }

  std::size_t rows() const { return rows_.size(); }

 private:
  std::size_t kept() const { return rows_.front().size(); }

  std::int64_t hop_, window_, next_, begin_ = 0;  // the end of the next window; the beginning of what is kept
  std::vector<std::vector<Number>> rows_;
};

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

template <class Number>
static void push_into(std::optional<StreamBuffer<Number>>& buffer, const std::vector<Number>& numbers,
                      const char* kind) {
  if (!buffer) throw InputError(words(kind, " found, which this bundle does not take"));
  if (numbers.size() % buffer->rows() != 0)
    throw InputError(
        words(numbers.size(), " numbers found, as many in each of ", buffer->rows(), " rows expected"));
  buffer->push(numbers);
}

void Stream::push(const std::vector<float>& samples) { push_into(state_->sound, samples, "a sound"); }
void Stream::push(const std::vector<double>& values) { push_into(state_->series, values, "series"); }

std::optional<Moment> Stream::next() {
  auto& [model, sound, series, heard, seen] = *state_;
  std::int64_t end = 0;
  if (!(sound ? sound->next(heard[0].samples, end) : series->next(seen[0].values, end))) return std::nullopt;
  return Moment{end, model.run(sound ? model.prepare(heard) : model.prepare(seen))};
}

}  // namespace edgeattn
