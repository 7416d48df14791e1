#include "guarded.hpp"

#include <new>

namespace edgeattn {
namespace {

edgeattn_status report(edgeattn_status status, const char* message, edgeattn_error** error) noexcept {
  if (!error) return status;
  try {
    *error = new edgeattn_error{message};
  } catch (...) {
    *error = nullptr;
  }
  return status;
}

edgeattn_call_options limits_of(const edgeattn_call_options* options) {
  return options_of(options, edgeattn_call_options_default());
}

}  // namespace

edgeattn_status status_of_exception(edgeattn_error** error) noexcept {
  try {
    throw;
  } catch (const CallbackFailure& caught) {
    return report(EDGEATTN_CALLBACK_ERROR, caught.message.c_str(), error);
  } catch (const InputError& caught) {
    return report(EDGEATTN_INPUT_ERROR, caught.what(), error);
  } catch (const BundleError& caught) {
    return report(EDGEATTN_BUNDLE_ERROR, caught.what(), error);
  } catch (const IncompatibleRuntimeError& caught) {
    return report(EDGEATTN_INCOMPATIBLE_RUNTIME_ERROR, caught.what(), error);
  } catch (const ResourceError& caught) {
    return report(EDGEATTN_RESOURCE_ERROR, caught.what(), error);
  } catch (const DeadlineError& caught) {
    return report(EDGEATTN_DEADLINE_ERROR, caught.what(), error);
  } catch (const std::bad_alloc&) {
    return report(EDGEATTN_RESOURCE_ERROR, "out of memory; free some, or take fewer inputs at a time", error);
  } catch (const std::exception& caught) {
    return report(EDGEATTN_ERROR, caught.what(), error);
  } catch (...) {
    return report(EDGEATTN_ERROR, "an unknown failure", error);
  }
}

const Model& opened(const edgeattn_model* model) {
  const auto& value = required(model, "model").value;
  value.check_open();
  return value;
}

std::string text_of(const char* text, const char* name) { return &required(text, name); }

std::string text_of(const edgeattn_text& text, const char* name) {
  if (text.size) required(text.bytes, name);
  return {text.bytes ? text.bytes : "", text.size};
}

std::string text_or_empty(const char* text) { return text ? text : ""; }

char* copied(const std::string& text) {
  auto* copy = new char[text.size() + 1];
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

CallLimits::CallLimits(std::int64_t deadline_ms, const edgeattn_cancellation* cancellation) {
  if (deadline_ms == EDGEATTN_UNSET && !cancellation) return;
  std::optional<std::chrono::milliseconds> time;
  if (deadline_ms != EDGEATTN_UNSET) time = std::chrono::milliseconds(deadline_ms);
  deadline_.emplace(time, cancellation ? cancellation->value : Cancellation());
}

CallLimits::CallLimits(const edgeattn_call_options* options)
    : CallLimits(limits_of(options).deadline_ms, limits_of(options).cancellation) {}

}  // namespace edgeattn

const char* edgeattn_version(void) { return EDGEATTN_VERSION; }
int edgeattn_abi_version(void) { return EDGEATTN_ABI_VERSION; }
const char* edgeattn_error_message(const edgeattn_error* error) {
  return error ? error->message.c_str() : "out of memory";
}
edgeattn_error* edgeattn_error_new(const char* message) {
  edgeattn_error* error = nullptr;
  edgeattn::report(EDGEATTN_CALLBACK_ERROR, message ? message : "", &error);
  return error;
}
void edgeattn_error_free(edgeattn_error* error) { delete error; }
// The header hands text over to be freed, and not to be read. NOLINTNEXTLINE(readability-non-const-parameter)
void edgeattn_text_free(char* text) { delete[] text; }
