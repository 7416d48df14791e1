// Searches the lines of a text by meaning: for each question, the lines that come nearest to it.
//
//     search sentence.edge notes.txt
//     echo "a dripping tap" | search sentence.edge notes.txt

#include <algorithm>
#include <edgeattn.hpp>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t kMost = 5;  // lines that are shown

using Vector = std::vector<float>;  // of length 1: the closer the meanings, the closer the vectors

/// Returns the vector of each text.
std::vector<Vector> encode(const edgeattn::Model& model, const std::vector<std::string>& texts) {
  std::vector<edgeattn::Tensors> samples;
  for (const auto& text : texts) samples.push_back(model.prepare(std::vector{text}));
  std::vector<Vector> vectors;
  for (const auto& outputs : model.run_many(samples)) {
    const auto& embedding = outputs.at("embedding");
    const auto* first = embedding.as<float>();
    vectors.emplace_back(first, first + embedding.dims.back());
  }
  return vectors;
}

/// Lines, each with its vector, in memory.
class Index {
 public:
  struct Match {
    float nearness;  // the cosine: 1 is the same, 0 is unrelated
    const std::string* line;
  };

  Index(const edgeattn::Model& model, std::vector<std::string> lines)
      : model_(model), lines_(std::move(lines)), vectors_(encode(model_, lines_)) {}

  /// Returns the lines that come nearest to a question, the nearest first.
  std::vector<Match> nearest(const std::string& question) const {
    const auto asked = encode(model_, {question}).front();
    std::vector<Match> matches;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto& vector = vectors_[i];
      matches.push_back({std::inner_product(vector.begin(), vector.end(), asked.begin(), 0.0F), &lines_[i]});
    }
    const auto count = std::min(kMost, matches.size());
    std::partial_sort(matches.begin(), matches.begin() + static_cast<std::ptrdiff_t>(count), matches.end(),
                      [](const Match& a, const Match& b) { return a.nearness > b.nearness; });
    matches.resize(count);
    return matches;
  }

 private:
  edgeattn::Model model_;
  std::vector<std::string> lines_;
  std::vector<Vector> vectors_;
};

std::vector<std::string> lines_of(std::istream& text) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);)
    if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(line);
  return lines;
}

}  // namespace

int main(int count, char** words) try {
  if (count != 3) return std::cerr << "search NAME.edge TEXT.txt\n", 2;
  std::ifstream text(words[2]);
  if (!text) return std::cerr << "search: " << words[2] << ": cannot be read\n", 2;
  const auto model = edgeattn::load(words[1]);
  const Index index(model, lines_of(text));
  std::cerr << "Ask, a question a line\n";
  std::cout << std::fixed << std::setprecision(2);
  for (std::string question; std::getline(std::cin, question);) {
    for (const auto& [nearness, line] : index.nearest(question))
      std::cout << std::setw(5) << nearness << "  " << *line << "\n";
    std::cout << std::endl;
  }
} catch (const edgeattn::EdgeAttnError& error) {
  std::cerr << "search: " << error.what() << "\n";
  return 2;
}
