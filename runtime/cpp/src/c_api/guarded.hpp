// The border of edgeattn.h: exceptions become statuses, NULL and sizes are checked before they are used.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "handles.hpp"
#include "words.hpp"

namespace edgeattn {

/// Makes an error of the exception that is being handled, where one is asked for; returns its status.
edgeattn_status status_of_exception(edgeattn_error** error) noexcept;

/// Runs a call; no exception leaves it.
template <class Call>
edgeattn_status guarded(edgeattn_error** error, Call call) noexcept {
  try {
    call();
    return EDGEATTN_OK;
  } catch (...) {
    return status_of_exception(error);
  }
}

/// Returns what a pointer leads to. Throws InputError where it is NULL.
template <class Value>
Value& required(Value* value, const char* name) {
  if (!value) throw InputError(words(name, ": NULL found, a value expected"));
  return *value;
}

/// Returns the model that is open. Throws InputError where there is none, or it was closed.
const Model& opened(const edgeattn_model* model);

/// Returns a text. Throws InputError where it is NULL.
std::string text_of(const char* text, const char* name);

/// Likewise one with its length. Throws InputError where NULL stands for some of it.
std::string text_of(const edgeattn_text& text, const char* name);

/// Returns a text, empty where it is NULL.
std::string text_or_empty(const char* text);

/// Returns a copy of `count` values; NULL is none of them. Throws InputError where NULL stands for some, or no array has
/// as many.
template <class Value>
std::vector<Value> values_of(const Value* values, std::size_t count, const char* name) {
  if (count == 0) return {};
  required(values, name);
  if (count > std::vector<Value>().max_size())
    throw InputError(words(name, ": ", count, " values found, which no array holds"));
  return {values, values + count};
}

template <class Text>
std::vector<std::string> texts_of(const Text* texts, std::size_t count, const char* name) {
  std::vector<std::string> found;
  for (const auto& text : values_of(texts, count, name)) found.push_back(text_of(text, name));
  return found;
}

/// Copies an array in. Throws InputError where a dim is below 0.
Tensor tensor_of(const edgeattn_tensor& given);

std::unique_ptr<edgeattn_golden_results> golden_results(std::vector<GoldenResult> results);

LoadOptions load_options_of(const edgeattn_load_options& settings);

/// What a callback reported, on its way through the core: no exception of the core's is one.
struct CallbackFailure {
  std::string message;
};

/// Calls a callback; says whether it goes on. Throws CallbackFailure where it set an error.
template <class Callback>
bool goes_on(Callback callback) {
  edgeattn_error* error = nullptr;
  const bool goes_on = callback(&error) != 0;
  const std::unique_ptr<edgeattn_error> reported(error);
  if (reported) throw CallbackFailure{reported->message};
  return goes_on;
}

/// Returns a copy of a text for the caller to free.
char* copied(const std::string& text);

/// Returns a caller's options, which may be of an older or a newer header; NULL is the defaults. Throws
/// InputError where a newer one asks for what this library does not know.
template <class Options>
Options options_of(const Options* given, Options options) {
  if (!given) return options;
  if (given->size < sizeof given->size) throw InputError("a structure without its size found; begin it with sizeof, or make it by its _default function");
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  if (given->size > sizeof options &&
      std::any_of(bytes + sizeof options, bytes + given->size, [](unsigned char byte) { return byte != 0; }))
    throw InputError("a structure with what this library does not know found; use a newer library");
  std::memcpy(&options, given, std::min(given->size, sizeof options));
  options.size = sizeof options;
  return options;
}

/// Returns structures of an array, each of which begins with its size: that of the caller's header. Throws InputError where
/// they have several sizes.
template <class Record>
std::vector<Record> records_of(const Record* records, std::size_t count, const char* name) {
  if (count == 0) return {};
  const auto size = required(records, name).size;
  const auto* bytes = reinterpret_cast<const unsigned char*>(records);
  std::vector<Record> found;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* record = reinterpret_cast<const Record*>(bytes + i * size);
    if (record->size != size)
      throw InputError(words(name, ": structures of ", size, " and ", record->size, " bytes found, one size expected"));
    found.push_back(options_of(record, Record{}));
  }
  return found;
}

/// Returns a number, or none where it is unset.
template <class Number>
std::optional<Number> given(Number number) {
  return number == EDGEATTN_UNSET ? std::nullopt : std::optional<Number>(number);
}

/// Ends the calls of this thread by a caller's deadline and cancellation, while it lives.
class CallLimits {
 public:
  CallLimits(std::int64_t deadline_ms, const edgeattn_cancellation* cancellation);
  explicit CallLimits(const edgeattn_call_options* options);

 private:
  std::optional<Deadline> deadline_;
};

}  // namespace edgeattn
