#include "deadline.hpp"

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include <condition_variable>
#include <thread>

#include "words.hpp"

namespace edgeattn {
namespace {

thread_local const Deadline* current = nullptr;

}  // namespace

void Ending::end() {
  const std::lock_guard lock(lock_);
  over_ = true;
  for (auto* call : running_) call->SetTerminate();
}

bool Ending::is_over() const {
  const std::lock_guard lock(lock_);
  return over_;
}

void Ending::add(Ort::RunOptions& call) {
  const std::lock_guard lock(lock_);
  running_.insert(&call);
  if (over_) call.SetTerminate();
}

void Ending::remove(Ort::RunOptions& call) {
  const std::lock_guard lock(lock_);
  running_.erase(&call);
}

Cancellation::Cancellation() : ending_(std::make_shared<Ending>()) {}

void Cancellation::cancel() const { ending_->end(); }

/// Ends calls after a time, unless it is destroyed before.
class Deadline::Timer {
 public:
  Timer(std::shared_ptr<Ending> ending, std::chrono::milliseconds time)
      : thread_([this, ending = std::move(ending), end = std::chrono::steady_clock::now() + time] {
          std::unique_lock lock(lock_);
          if (!wake_.wait_until(lock, end, [this] { return done_; })) ending->end();
        }) {}

  ~Timer() {
    {
      const std::lock_guard lock(lock_);
      done_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

 private:
  std::mutex lock_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;  // the last, as it reads the others
};

Deadline::Deadline(std::optional<std::chrono::milliseconds> time, Cancellation cancellation)
    : time_(time), timed_(std::make_shared<Ending>()), cancelled_(std::move(cancellation.ending_)), outer_(current) {
  if (time && *time <= std::chrono::milliseconds::zero())
    throw InputError(words("a deadline of ", time->count(), " ms found, a number above 0 expected"));
  if (time) timer_ = std::make_unique<Timer>(timed_, *time);
  current = this;
}

Deadline::~Deadline() { current = outer_; }

EndedCall::EndedCall(const std::string& label)
    : label_(label),
      deadline_(current),
      options_(current ? std::make_unique<Ort::RunOptions>() : std::make_unique<Ort::RunOptions>(nullptr)) {
  check();
  if (!deadline_) return;
  deadline_->timed_->add(*options_);
  deadline_->cancelled_->add(*options_);
}

EndedCall::~EndedCall() {
  if (!deadline_) return;
  deadline_->timed_->remove(*options_);
  deadline_->cancelled_->remove(*options_);
}

void EndedCall::check_current(const std::string& label) { check(current, label); }

void EndedCall::check(const Deadline* deadline, const std::string& label) {
  if (!deadline) return;
  if (deadline->cancelled_->is_over()) throw DeadlineError(words(label, ": cancelled"));
  if (deadline->timed_->is_over())
    throw DeadlineError(words(label, ": not done within ", deadline->time_->count(),
                              " ms; give it more time, or smaller inputs"));
}

}  // namespace edgeattn
