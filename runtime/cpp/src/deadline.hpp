// How a call of an engine is ended from outside: by a deadline, or a cancellation.
#pragma once

#include <mutex>
#include <set>

#include "edgeattn.hpp"

namespace Ort {
struct RunOptions;
}

namespace edgeattn {

/// The calls that run, and whether they and all later ones are to end.
class Ending {
 public:
  void end();
  bool is_over() const;

  /// Adds a call, which is ended at once where that is over.
  void add(Ort::RunOptions& call);
  void remove(Ort::RunOptions& call);

 private:
  mutable std::mutex lock_;
  bool over_ = false;
  std::set<Ort::RunOptions*> running_;
};

/// One call of an engine by this thread, ended by the deadline around it.
class EndedCall {
 public:
  /// Throws DeadlineError where it is over already; `label` is the graph's.
  explicit EndedCall(const std::string& label);
  ~EndedCall();
  EndedCall(const EndedCall&) = delete;
  EndedCall& operator=(const EndedCall&) = delete;

  /// What the engine is given; its null where there is no deadline.
  const Ort::RunOptions& options() const { return *options_; }

  /// Throws DeadlineError where that is why the call failed.
  void check() const { check(deadline_, label_); }

  /// Throws DeadlineError where this thread's deadline is over, in what no engine runs.
  static void check_current(const std::string& label);

 private:
  static void check(const Deadline* deadline, const std::string& label);

  const std::string& label_;
  const Deadline* deadline_;
  std::unique_ptr<Ort::RunOptions> options_;
};

}  // namespace edgeattn
