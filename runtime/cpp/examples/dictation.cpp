// Takes down what is said in a WAV file, as it is spelled.
//
//     dictation dictation.edge speech.wav

#include <edgeattn.hpp>
#include <iostream>
#include <string>
#include <vector>

int main(int count, char** words) try {
  if (count != 3) return std::cerr << "dictation NAME.edge SOUND.wav\n", 2;
  const auto model = edgeattn::load(words[1]);

  edgeattn::GenerateOptions options;  // all as the bundle says: where an answer begins and ends
  options.on_text = [](const std::string& piece) {
    std::cout << piece << std::flush;
    return true;
  };
  model.generate(model.prepare(std::vector{edgeattn::read_wav(words[2])}), options);
  std::cout << std::endl;
} catch (const edgeattn::EdgeAttnError& error) {
  std::cerr << "dictation: " << error.what() << "\n";
  return 2;
}
