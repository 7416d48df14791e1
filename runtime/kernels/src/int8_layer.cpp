// A layer is packed and run by the products that its CPU has. Compiled for each instruction set.
#include "compiled_for.hpp"
//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "int8_layer.cpp"
#include "hwy/foreach_target.h"  // before all that includes highway.h
//
#include "instruction_set.hpp"
#include "int8_layer.hpp"
#include "pack-inl.h"
#include "product_choice.hpp"
#include "run_layer-inl.h"
#include "tile_registers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeattn::kernels {
namespace HWY_NAMESPACE {

using AmxTiles = Tiles<TileRegisters>;

PackedLayer pack_any(const LayerParameters& parameters, std::int64_t target, Products products) {
  if constexpr (kHasTiles)
    if (products == Products::kTiles && !parameters.block) return pack<AmxTiles>(parameters, target);
  if constexpr (kHasMatrices)
    if (products == Products::kMatrices) return pack<Matrices>(parameters, target);
  if (kAlwaysQuads || products != Products::kPairs) return pack<Quads>(parameters, target);
  if constexpr (!kAlwaysQuads) return pack<Pairs>(parameters, target);
}

/// Runs a layer by Dot, or few rows by nibbles on a CPU that has Few.
template <class Dot, class Few = Dot>
void run_by(const PackedLayer& layer, const LayerRows& rows, const Parallel& threads) {
  if (layer.run.steps && rows.rows <= kFewRows) return run<ByNibbles<Few>>(layer, rows, threads);
  run<Dot>(layer, rows, threads);
}

void run_any(const PackedLayer& layer, const LayerRows& rows, const Parallel& threads) {
  if constexpr (kHasTiles)
    if (layer.products == Products::kTiles) return run_by<AmxTiles, Quads>(layer, rows, threads);
  if constexpr (kHasMatrices)
    if (layer.products == Products::kMatrices) return run_by<Matrices>(layer, rows, threads);
  if (layer.products == Products::kQuads) return run_by<Quads>(layer, rows, threads);
  if constexpr (!kAlwaysQuads) run_by<Pairs>(layer, rows, threads);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgeattn::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeattn::kernels {
namespace {
constexpr decltype(&HWY_STATIC_DISPATCH(pack_any)) kPack[] = COMPILED_FOR_TARGETS(pack_any);
constexpr decltype(&HWY_STATIC_DISPATCH(run_any)) kRun[] = COMPILED_FOR_TARGETS(run_any);
}  // namespace

PackedLayer pack_layer(const LayerParameters& parameters, std::int64_t target) {
  return pack_layer(parameters, target, choose_products(parameters, target));
}

PackedLayer pack_layer(const LayerParameters& parameters, std::int64_t target, Products products) {
  return kPack[table_index(target)](parameters, target, products);
}

void run_layer(const PackedLayer& layer, const LayerRows& rows, const Parallel& threads) {
  if (rows.rows && layer.columns) kRun[table_index(layer.target)](layer, rows, threads);
}

}  // namespace edgeattn::kernels
#endif
