// The boundary around the system: where the machine lacks something, it leaves as ResourceError.
#pragma once

#include <new>
#include <system_error>

#include "words.hpp"

namespace edgeattn {

/// Returns what the machine lacks by an error of the system, such as "memory"; empty where it lacks nothing.
std::string lacking(const std::error_code& error);

/// Likewise by what a library says.
std::string lacking(const std::string& reason);

/// Returns the error that says so.
ResourceError shortage(const std::string& subject, const std::string& lack, const std::string& reason);

/// Throws ResourceError where the last call of the system failed by what the machine lacks.
void check_resources(const std::string& subject);

/// Runs a call about `subject`, such as a folder.
template <class Call>
auto bounded(const std::string& subject, Call call) try {
  return call();
} catch (const std::bad_alloc&) {
  throw shortage(subject, "memory", "bad allocation");
} catch (const std::system_error& error) {
  const auto lack = lacking(error.code());
  if (lack.empty()) throw;
  throw shortage(subject, lack, error.code().message());
}

}  // namespace edgeattn
