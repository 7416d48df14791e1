// The operators of the library, each in a file of its own.
#pragma once

#include <onnxruntime_c_api.h>

namespace edgeattn::kernels {

const OrtCustomOp* attention();
const OrtCustomOp* embedding();
const OrtCustomOp* int8_attention();
const OrtCustomOp* int8_linear();

}  // namespace edgeattn::kernels
