// Rows are looked up, added and normed. Compiled for each instruction set.
#include "compiled_for.hpp"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "embedding_kernel.cpp"
#include "hwy/foreach_target.h"  // before all that includes highway.h
//
#include "chunk-inl.h"
#include "embedding_kernel.hpp"
#include "norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

HWY_INLINE FloatVector load(const std::int8_t* bytes, std::size_t lanes) {
  const hn::Rebind<std::int8_t, Floats> d;
  const auto narrow = lanes == kLanes ? hn::LoadU(d, bytes) : hn::LoadN(d, bytes, lanes);
  return hn::ConvertTo(Floats(), hn::PromoteTo(Ints(), narrow));
}

/// y += the row of an id; without adding, where it is the first.
HWY_INLINE void add_row(const Lookup& lookup, std::int64_t id, std::size_t width, bool first, float* y) {
  const auto row = static_cast<std::size_t>(id < 0 ? id + static_cast<std::int64_t>(lookup.rows) : id);
  const auto add = [&](const auto& part) HWY_ATTR {
    for_vectors(width, [&](std::size_t k, std::size_t lanes) HWY_ATTR {
      const auto v = part(k, lanes);
      store(first ? v : hn::Add(load(y + k, lanes), v), y + k, lanes);
    });
  };
  if (lookup.bytes) {
    const auto scale = hn::Set(Floats(), lookup.scale[row]);
    add([&](std::size_t k, std::size_t lanes)
            HWY_ATTR { return hn::Mul(load(lookup.bytes + row * width + k, lanes), scale); });
  } else {
    add([&](std::size_t k, std::size_t lanes)
            HWY_ATTR { return load(lookup.floats + row * width + k, lanes); });
  }
}

void embed_rows(const EmbeddingCall& call, const Parallel& threads) {
  for_rows(call.rows, call.width, threads, [&](std::size_t row) {
    float* const y = call.y + row * call.width;
    for (std::size_t i = 0; i < call.lookup_count; ++i) {
      const auto& lookup = call.lookups[i];
      add_row(lookup, lookup.ids[row % lookup.count], call.width, i == 0, y);
    }
    if (call.norm.norm != Norm::kNone)
      norm_row(y, call.norm.norm == Norm::kLayer, call.norm.epsilon, call.norm_scale, call.norm_bias,
               call.width, y);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeattn::kernels {
namespace {

constexpr decltype(&HWY_STATIC_DISPATCH(embed_rows)) kEmbedRows[] = COMPILED_FOR_TARGETS(embed_rows);

void check_ids(const Lookup& lookup) {
  const auto rows = static_cast<std::int64_t>(lookup.rows);
  for (std::size_t i = 0; i < lookup.count; ++i)
    require(-rows <= lookup.ids[i] && lookup.ids[i] < rows, "id ", lookup.ids[i], " for a table of ", rows,
            " rows");
}

}  // namespace

void embed(const EmbeddingCall& call, const Parallel& threads, std::int64_t target) {
  for (std::size_t i = 0; i < call.lookup_count; ++i) check_ids(call.lookups[i]);
  kEmbedRows[table_index(target)](call, threads);
}

}  // namespace edgeattn::kernels
#endif
