// Reads image files and prints the digit on each: dark ink on white paper, one digit an image.
//
//     digits digits.edge seven.png three.jpg

#include <edgeattn.hpp>
#include <iostream>

int main(int count, char** words) try {
  if (count < 3) return std::cerr << "digits NAME.edge IMAGE...\n", 2;
  const auto model = edgeattn::load(words[1]);
  for (int i = 2; i < count; ++i) {
    const auto inputs = model.prepare(std::vector{edgeattn::read_image(words[i])});
    std::cout << words[i] << ": " << model.labels(model.run(inputs)).at(0).at(0).first << "\n";
  }
} catch (const edgeattn::EdgeAttnError& error) {
  std::cerr << "digits: " << error.what() << "\n";
  return 2;
}
