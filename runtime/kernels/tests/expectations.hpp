// What a test expects: each prints what it found where it fails, and summary() is the program's exit code.
#pragma once

#include <cstdio>
#include <exception>
#include <string>

#include "error.hpp"

namespace edgeattn::kernels {

struct Counts {
  int passed = 0, failed = 0;
};
inline Counts counts;

template <class... Values>
void expect(bool holds, const Values&... description) {
  ++(holds ? counts.passed : counts.failed);
  if (!holds) std::printf("FAILED %s\n", words(description...).c_str());
}

/// Expects an Error whose message has this text.
template <class Body>
void expect_error(const std::string& text, const Body& body) {
  try {
    body();
    expect(false, "no error; expected: ", text);
  } catch (const Error& error) {
    expect(std::string(error.what()).find(text) != std::string::npos, "'", error.what(), "' lacks '", text,
           "'");
  }
}

inline int summary() {
  std::printf("%d passed, %d failed\n", counts.passed, counts.failed);
  return counts.failed ? 1 : 0;
}

}  // namespace edgeattn::kernels
