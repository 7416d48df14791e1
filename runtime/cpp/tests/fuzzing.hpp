// What every fuzzer of this folder does with an input: it is read or refused, within a time and a memory.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace edgeattn::fuzzing {

constexpr double kSeconds = 1;           // of the processor, sanitizers and all
constexpr long kKilobytes = 256 * 1024;  // beyond what any input before it took

/// Ends the fuzzer; `what` begins with "wrong", "over time" or "over memory".
[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

struct Usage {
  double seconds;
  long kilobytes;  // at most so far
};

inline Usage usage() {
  rusage now{};
  getrusage(RUSAGE_SELF, &now);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return {seconds(now.ru_utime) + seconds(now.ru_stime), now.ru_maxrss};
}

/// Counts a refusal in the 8 bytes of the file that EDGEATTN_FUZZ_REFUSALS names, so that it outlives the
/// process.
inline void count_refusal() {
  static const char* const path = std::getenv("EDGEATTN_FUZZ_REFUSALS");
  static const int file = path ? open(path, O_WRONLY | O_CREAT, 0644) : -1;
  static std::uint64_t count = 0;
  ++count;
  if (file >= 0 && pwrite(file, &count, sizeof count, 0) != sizeof count)
    fail("wrong: a count cannot be written");
}

/// Reads an input. All that it throws but a Refusal of one line ends the fuzzer.
template <class Refusal, class Read>
int fuzz(Read read) {
  const auto before = usage();
  try {
    read();
  } catch (const Refusal& refusal) {
    if (std::strpbrk(refusal.what(), "\r\n\x1b")) fail("wrong: a refusal of several lines");
    count_refusal();
  }
  const auto after = usage();
  if (after.seconds - before.seconds > kSeconds) fail("over time");
  if (after.kilobytes - before.kilobytes > kKilobytes) fail("over memory");
  return 0;
}

}  // namespace edgeattn::fuzzing
