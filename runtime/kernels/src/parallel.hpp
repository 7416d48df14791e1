// A loop whose turns may run at once.
#pragma once

#include <cstddef>

namespace edgeattn::kernels {

class Parallel {
 public:
  /// Calls `body(i)` for each i < count, in any order, perhaps on several threads, and waits for all. `body`
  /// must not throw.
  template <class Body>
  void operator()(std::size_t count, const Body& body) const {
    if (count == 1)
      body(std::size_t{0});
    else if (count)
      run(
          count, [](void* state, std::size_t i) { (*static_cast<const Body*>(state))(i); },
          const_cast<Body*>(&body));
  }

 protected:
  using Turn = void (*)(void* state, std::size_t i);
  virtual void run(std::size_t count, Turn turn, void* state) const = 0;
  ~Parallel() = default;
};

/// One turn after the other.
class InOrder final : public Parallel {
  void run(std::size_t count, Turn turn, void* state) const override {
    for (std::size_t i = 0; i < count; ++i) turn(state, i);
  }
};

}  // namespace edgeattn::kernels
