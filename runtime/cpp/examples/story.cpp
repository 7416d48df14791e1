// Tells how a story goes on, as it is made up; Ctrl-C ends it.
//
//     story story.edge "Emma was"
//     story story.edge "Emma was" 7     the same number tells the same story, in every language

#include <csignal>
#include <cstdlib>
#include <edgeattn.hpp>
#include <iostream>
#include <string>

namespace {

constexpr int kInterrupted = 130;  // the exit code of what Ctrl-C ends

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

int main(int count, char** words) try {
  if (count < 3 || count > 4) return std::cerr << "story NAME.edge BEGINNING [SEED]\n", 2;
  std::signal(SIGINT, [](int) { interrupted = 1; });
  const auto model = edgeattn::load(words[1]);
  const std::string beginning = words[2];

  edgeattn::GenerateOptions options;
  options.temperature = 0.8;
  options.top_p = 0.9;
  if (count == 4) options.seed = std::strtoul(words[3], nullptr, 10);
  options.on_token = [](std::int64_t) { return interrupted == 0; };
  options.on_text = [](const std::string& piece) {
    std::cout << piece << std::flush;
    return true;
  };

  std::cout << beginning << std::flush;
  model.generate(beginning, options);
  std::cout << std::endl;
  return interrupted ? kInterrupted : 0;
} catch (const edgeattn::EdgeAttnError& error) {
  std::cerr << "story: " << error.what() << "\n";
  return 2;
}
