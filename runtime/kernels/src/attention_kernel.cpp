// A call of attention: its blocks of queries, each by the kernel of this CPU. Compiled for each instruction
// set.
#include "compiled_for.hpp"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_kernel.cpp"
#include "hwy/foreach_target.h"  // before all that includes highway.h
//
#include <atomic>
#include <exception>

#include "attention-inl.h"
#include "attention_kernel.hpp"
#include "error.hpp"
#include "query_blocks.hpp"

#if HWY_ONCE
namespace edgeattn::kernels {
namespace {

// Below this many products a call takes less time than waking threads.
constexpr double kProductsWorthThreads = 1 << 18;

using AttendBlock = void(const AttentionCall&, const QueryBlock&);
constexpr AttendBlock* kAttendBlock[] = COMPILED_FOR_TARGETS(attend_block);

double products(const AttentionCall& call) {
  return static_cast<double>(call.batch * call.heads * call.queries) * static_cast<double>(call.keys()) *
         static_cast<double>(call.head_size + call.value_size);
}

}  // namespace

void attend(const AttentionCall& call, const Parallel& parallel, std::int64_t target) {
  const auto attend_block = kAttendBlock[table_index(target)];
  const QueryBlocks blocks(call);
  std::atomic<bool> without_memory{false};
  const auto attend_one = [&](std::size_t i) {
    try {
      attend_block(call, blocks[i]);
    } catch (const std::exception&) {  // thrown in a thread of onnxruntime's pool
      without_memory = true;
    }
  };
  if (products(call) < kProductsWorthThreads)
    InOrder()(blocks.count(), attend_one);
  else
    parallel(blocks.count(), attend_one);
  require(!without_memory, "Attention: no memory for ", blocks.most_rows(), " queries of ", call.head_size,
          " elements");
}

}  // namespace edgeattn::kernels
#endif
