// An open file of POSIX.
#pragma once

#include <unistd.h>

namespace edgeattn {

/// A descriptor, closed at the end; below 0 where none was opened.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }

 private:
  int value_;
};

}  // namespace edgeattn
