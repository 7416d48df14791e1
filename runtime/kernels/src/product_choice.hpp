// What a layer is multiplied by, where the CPU has two ways: the one that was faster on this CPU.
#pragma once

#include <cstdint>
#include <string>

#include "int8_layer.hpp"

namespace edgeattn::kernels {

/// Returns what a layer of this shape is multiplied by for one of targets().
///
/// Where the CPU has several products, some columns of the layer are timed by each, with weights that are in
/// no cache: once a process for each shape, for at most 10 ms altogether. All answer alike, so that a choice
/// changes no bit. The usual one is left for another that takes less than .95 of its time.
Products choose_products(const LayerParameters& parameters, std::int64_t target);

/// Returns a line for each shape that was timed: "384 x 1536: i8mm; i8mm takes 0.62 of the time of dot
/// products".
std::string chosen_products();

}  // namespace edgeattn::kernels
