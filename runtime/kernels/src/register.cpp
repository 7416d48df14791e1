// The library's way in: adds its operators to the options of a session.
#include "edgeattn_kernels.h"
#include "engine.hpp"
#include "operators.hpp"

OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  using namespace edgeattn::kernels;
  if (!set_engine(base)) {
    const OrtApi* oldest = base ? base->GetApi(1) : nullptr;
    return oldest ? oldest->CreateStatus(ORT_FAIL, "edgeattn's kernels need onnxruntime 1.18 or newer")
                  : nullptr;
  }
  // A domain's operators are the same for every session. It is made once, and as it is in use until the last
  // session ends, it is not released.
  static OrtCustomOpDomain* domain = nullptr;
  static OrtStatus* const made = [] {
    OrtStatus* status = engine().CreateCustomOpDomain("edgeattn", &domain);
    for (const OrtCustomOp* op : {attention(), embedding(), int8_attention(), int8_linear()})
      if (!status) status = engine().CustomOpDomain_Add(domain, op);
    return status;
  }();
  if (made) return engine().CreateStatus(ORT_FAIL, engine().GetErrorMessage(made));
  return engine().AddCustomOpDomain(options, domain);
}
