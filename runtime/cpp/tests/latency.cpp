// Times calls of a bundle, as an app makes them: for each line that comes, so many in a row, of which the
// least and the median are printed, in ms. tests/bench/bench_languages.py asks.
//
//     edgeattn-latency NAME.edge TEXT|IMAGE.png CALLS
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <edgeattn.hpp>
#include <iostream>
#include <string>
#include <vector>

int main(int, char** words) {
  const auto model = edgeattn::load(words[1]);
  const std::string given = words[2];
  const bool is_image = given.size() > 4 && given.compare(given.size() - 4, 4, ".png") == 0;
  const auto inputs = is_image ? model.prepare(std::vector{edgeattn::read_image(given)})
                               : model.prepare(std::vector{given});
  std::vector<double> times(std::strtoul(words[3], nullptr, 10));
  for (std::string line; std::getline(std::cin, line);) {
    for (auto& time : times) {
      const auto start = std::chrono::steady_clock::now();
      const auto outputs = model.run(inputs);
      time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    }
    std::sort(times.begin(), times.end());
    std::cout << times.front() << " " << times[times.size() / 2] << std::endl;
  }
}
