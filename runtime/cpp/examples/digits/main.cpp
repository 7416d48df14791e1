// Reads image files and prints the digit on each: dark ink on white paper, one digit an image.
//
//     digits digits.edge seven.png three.pgm

#include <edgeattn.hpp>
#include <iostream>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_PNM
#define STBI_ONLY_JPEG
#include <stb/stb_image.h>

namespace {

/// Returns an image as its file has it. A file of 16 bits a channel is read in 8.
edgeattn::Image read_image(const char* path) {
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load(path, &width, &height, &channels, 0), stbi_image_free);
  if (!pixels)
    throw edgeattn::InputError(std::string(path) + ": " + stbi_failure_reason() +
                               "; a PNG, JPEG, PGM or PPM expected");
  const auto count =
      static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * static_cast<std::size_t>(channels);
  return {height, width, channels, {pixels.get(), pixels.get() + count}};
}

}  // namespace

int main(int count, char** words) try {
  if (count < 3) return std::cerr << "digits NAME.edge IMAGE...\n", 2;
  const auto model = edgeattn::load(words[1]);
  for (int i = 2; i < count; ++i) {
    const auto labels = model.labels(model.run(model.prepare({read_image(words[i])})));
    std::cout << words[i] << ": " << labels.at(0).at(0).first << "\n";
  }
} catch (const edgeattn::EdgeAttnError& error) {
  std::cerr << "digits: " << error.what() << "\n";
  return 2;
}
