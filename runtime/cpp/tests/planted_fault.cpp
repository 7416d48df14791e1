// A fault that the sanitizers of a build must report, by its name: else they prove nothing of the other tests.
#include <limits>
#include <string>
#include <vector>

namespace {

int successor(int number) { return number + 1; }

}  // namespace

int main(int count, char** arguments) {
  const std::string fault = count > 1 ? arguments[1] : "";
  std::vector<int> numbers(fault.size());
  if (fault == "load") return numbers.data()[numbers.size()];
  if (fault == "store") numbers.data()[numbers.size()] = count;
  if (fault == "overflow") return successor(std::numeric_limits<int>::max() - 1 + count / 2) == 0;
}
