// Hears words, in a WAV file or from a microphone, whose samples of 16 bits come on standard input.
//
//     keywords keywords.edge speech.wav
//     arecord -q -t raw -f S16_LE -r 8000 | keywords keywords.edge

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <edgeattn.hpp>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr int kTimes = 5;          // answers a second
constexpr double kCertain = 0.5;   // of a word, the mean of two answers in a row
constexpr float kLoudest = 32768;  // of samples of 16 bits

/// Which words a window that moves hears, each once: the rule of models/keywords.
class Hearing {
 public:
  /// Takes the labels of the window that ended in this second, and returns the word that is heard.
  std::optional<std::string> take(const std::vector<edgeattn::Label>& labels, double second) {
    const auto now = likelihoods(labels);
    std::pair<std::string, double> best;
    for (const auto& [name, share] : now) {
      const auto mean = before_.empty() ? share : (share + before_.at(name)) / 2;
      if (mean > best.second) best = {name, mean};
    }
    before_ = now;
    const auto& [name, share] = best;
    const bool again = last_ && second - *last_ <= 1;  // the window still holds the word before
    if (name == "another word" || name == "no word" || share < kCertain || again) return std::nullopt;
    last_ = second;
    return name;
  }

 private:
  /// Returns how likely each label is: the softmax of their values, of which the first is the largest.
  static std::map<std::string, double> likelihoods(const std::vector<edgeattn::Label>& labels) {
    std::map<std::string, double> shares;
    double whole = 0;
    for (const auto& [name, value] : labels) whole += shares[name] = std::exp(value - labels.front().second);
    for (auto& [name, share] : shares) share /= whole;
    return shares;
  }

  std::map<std::string, double> before_;
  std::optional<double> last_;
};

/// Returns the samples a second that a bundle takes.
std::int64_t rate_of(const edgeattn::Manifest& manifest) {
  if (!manifest.processing || !manifest.processing->audio)
    throw edgeattn::InputError(manifest.name + ": no sound taken, a bundle of models/keywords expected");
  return manifest.processing->audio->rate;
}

/// Prints the words in samples as they come.
class Ear {
 public:
  explicit Ear(const edgeattn::Model& model)
      : model_(model), rate_(rate_of(model.manifest())), stream_(model, {rate_ / kTimes, std::nullopt}) {}

  std::int64_t rate() const { return rate_; }

  void hear(const std::vector<float>& samples) {
    stream_.push(samples);
    while (const auto moment = stream_.next()) {
      const auto second = static_cast<double>(moment->end) / static_cast<double>(rate_);
      if (const auto word = hearing_.take(model_.labels(moment->outputs).front(), second))
        std::cout << std::fixed << std::setprecision(1) << second << " s  " << *word << std::endl;
    }
  }

 private:
  edgeattn::Model model_;
  std::int64_t rate_;
  edgeattn::Stream stream_;
  Hearing hearing_;
};

/// Hears what a microphone gives, until it ends.
void listen(Ear& ear) {
  std::vector<std::int16_t> heard(static_cast<std::size_t>(ear.rate() / kTimes));
  const auto bytes = static_cast<std::streamsize>(heard.size() * sizeof(heard[0]));
  while (std::cin.read(reinterpret_cast<char*>(heard.data()), bytes) || std::cin.gcount() > 0) {
    heard.resize(static_cast<std::size_t>(std::cin.gcount()) / sizeof(heard[0]));
    std::vector<float> samples(heard.size());
    std::transform(heard.begin(), heard.end(), samples.begin(), [](auto value) { return value / kLoudest; });
    ear.hear(samples);
  }
}

}  // namespace

int main(int count, char** words) try {
  if (count < 2 || count > 3) return std::cerr << "keywords NAME.edge [SOUND.wav]\n", 2;
  Ear ear(edgeattn::load(words[1]));
  if (count == 2) return listen(ear), 0;
  const auto sound = edgeattn::read_wav(words[2]);
  if (sound.rate != ear.rate() || sound.channels != 1)
    return std::cerr << "keywords: " << words[2] << ": " << sound.channels << " channel(s) of " << sound.rate
                     << " Hz found, 1 of " << ear.rate() << " expected\n", 2;
  ear.hear(sound.samples);
} catch (const edgeattn::EdgeAttnError& error) {
  std::cerr << "keywords: " << error.what() << "\n";
  return 2;
}
