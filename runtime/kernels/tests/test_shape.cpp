#include "expectations.hpp"
#include "shape.hpp"

using namespace edgeattn::kernels;

int main() {
  expect((Shape{2, 3, 4}).elements() == 24, "a product");
  expect((Shape{}).elements() == 1, "a scalar");
  expect((Shape{5, 0, 4}).elements() == 0, "an empty tensor");
  expect((Shape{2, 3, 4}).elements(2) == 6, "a product of the first axes");
  expect_error("a dimension of -1", [] { return Shape{2, -1}.elements(); });
  expect_error("too many elements", [] { return Shape{INT64_MAX, 2}.elements(); });
  expect_error("rank 9", [] { return Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; });
  expect(words(Shape{2, 3}) == "(2, 3)", "as a text");
  return summary();
}
