// A fault that the sanitizers of a build must report, by its name: else they prove nothing of the other tests.
#include <limits>
#include <string>
#include <vector>

#include "hwy/highway.h"

namespace hn = hwy::HWY_NAMESPACE;

namespace {

using Floats = hn::ScalableTag<float>;

// By Highway, whose headers are the system's and left out of UndefinedBehaviorSanitizer.
float load(const float* from) { return hn::ReduceSum(Floats(), hn::LoadU(Floats(), from)); }

void store(float* to) { hn::StoreU(hn::Zero(Floats()), Floats(), to); }

int successor(int number) { return number + 1; }

}  // namespace

int main(int count, char** arguments) {
  const std::string fault = count > 1 ? arguments[1] : "";
  std::vector<float> vector(hn::Lanes(Floats()));
  float* const end = vector.data() + vector.size();
  if (fault == "load") return load(end) > 0;
  if (fault == "store") store(end);
  if (fault == "overflow") return successor(std::numeric_limits<int>::max() - 1 + count / 2) == 0;
}
