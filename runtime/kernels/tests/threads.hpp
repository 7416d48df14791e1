// A Parallel of threads of its own, for tests.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "parallel.hpp"

namespace edgeattn::kernels {

class Threads final : public Parallel {
 public:
  explicit Threads(int count) : count_(count) {}

 private:
  void run(std::size_t count, Turn turn, void* state) const override {
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < count_; ++t)
      threads.emplace_back([&] {
        for (auto i = next++; i < count; i = next++) turn(state, i);
      });
    for (auto& thread : threads) thread.join();
  }

  int count_;
};

}  // namespace edgeattn::kernels
