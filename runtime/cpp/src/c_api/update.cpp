// edgeattn.h: a bundle put in the place of another.
#include "guarded.hpp"

using namespace edgeattn;

edgeattn_status edgeattn_install(const char* folder, const char* over, const edgeattn_load_options* options,
                                 edgeattn_golden_results** results, edgeattn_error** error) {
  return guarded(error, [&] {
    const auto settings = options_of(options, edgeattn_load_options_default());
    const CallLimits limits(settings.deadline_ms, settings.cancellation);
    auto found =
        golden_results(install(text_of(folder, "folder"), text_of(over, "over"), load_options_of(settings)));
    if (results) *results = found.release();
  });
}
