// Options that a bundle may hand to onnxruntime, as runtime/README.md lists them: some of the engine's others
// are addresses that it calls, libraries that it loads or files, by names that say nothing of it.
#pragma once

#include <algorithm>
#include <array>
#include <string>

namespace edgeattn {

constexpr std::array<const char*, 14> kOptions = {
    "edgeattn.kernels",
    "session.dynamic_block_base",
    "session.qdq_matmulnbits_accuracy_level",
    "session.set_denormal_as_zero",
    "CoreMLExecutionProvider.AllowLowPrecisionAccumulationOnGPU",
    "CoreMLExecutionProvider.MLComputeUnits",
    "CoreMLExecutionProvider.ModelFormat",
    "OpenVINOExecutionProvider.device_type",
    "OpenVINOExecutionProvider.precision",
    "QNNExecutionProvider.backend_type",
    "QNNExecutionProvider.enable_htp_fp16_precision",
    "QNNExecutionProvider.htp_arch",
    "QNNExecutionProvider.htp_performance_mode",
    "QNNExecutionProvider.soc_model",
};

// What a text has that is an option's value.
constexpr char kOptionText[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

inline bool is_option(const std::string& name) {
  return std::find(kOptions.begin(), kOptions.end(), name) != kOptions.end();
}

/// Says whether options are onnxruntime's: those of another engine are handed to none.
inline bool is_onnxruntime(const std::string& engine) {
  return engine == "onnxruntime" || engine == "onnxruntime-web";
}

}  // namespace edgeattn
