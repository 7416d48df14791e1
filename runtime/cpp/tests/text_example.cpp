// Prepares two texts by a tokenizer of its own, a token a letter, and prints each input: its dims and its
// numbers.
#include <edgeattn.hpp>
#include <iostream>

int main(int, char** words) try {
  const auto model = edgeattn::load(words[1]);
  const auto letters = [](const std::string& text, const std::string&, std::optional<std::int64_t>) {
    return std::vector<std::int64_t>(text.begin(), text.end());
  };
  for (const auto& [name, tensor] : model.prepare({"abc", "d"}, letters)) {
    std::cout << name << " " << tensor.dims[0] << " x " << tensor.dims[1] << ":";
    for (std::int64_t i = 0; i < tensor.dims[0] * tensor.dims[1]; ++i)
      std::cout << " " << tensor.as<std::int64_t>()[i];
    std::cout << "\n";
  }
  model.prepare({""}, letters);
} catch (const edgeattn::InputError& error) {
  std::cout << "refused: " << error.what() << "\n";
}
