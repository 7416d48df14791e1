#include "cache.hpp"

#include <algorithm>

#include "manifest.hpp"
#include "shape.hpp"
#include "system.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

constexpr std::int64_t kBlock = 64;  // tokens that a cache grows by

}  // namespace

std::int64_t capacity_for(std::int64_t total, const Generation& names) {
  const auto blocks = (total + kBlock - 1) / kBlock * kBlock;
  return std::min(blocks, names.positions.value_or(blocks));
}

void check_room(const Generation& names, const Tensors& inputs) {
  const auto capacity = inputs.at(names.cache[0].past).dims[2], added = inputs.at(names.tokens).dims[1];
  const auto held = *inputs.at(names.length).as<std::int64_t>();
  if (held < 0 || held > capacity - added)
    throw InputError(words(names.length, ": ", held, " tokens found before ", added,
                           " new ones in a cache with room for ", capacity,
                           "; give a larger cache, and the number of tokens that it holds"));
}

void check_memory(const Generation& names, const GraphSpec& decoder, std::int64_t total, std::int64_t batch) {
  double needed = 0, largest = 0;
  for (const auto& entry : names.cache) {
    const auto& past = *find(decoder.inputs, entry.past);
    const auto& dims = past.dims;
    const auto bytes = static_cast<double>(item_size(past.dtype)) * static_cast<double>(batch) * static_cast<double>(dims[1].size) * static_cast<double>(dims[3].size) *
                       static_cast<double>(capacity_for(total, names));
    needed += bytes;
    largest = std::max(largest, bytes);
  }
  if (const auto available = available_memory(); available && needed + largest > *available)
    throw InputError(words("a cache of ", total, " tokens", batch == 1 ? "" : words(" in each of ", batch, " rows"),
                           ": ", (needed + largest) / 1e6, " MB needed while it grows, ", *available / 1e6,
                           " MB available; ask for fewer new tokens", batch == 1 ? "" : ", beams or prompts at once"));
}

Tensors empty_cache(const Generation& names, const GraphSpec& decoder, std::int64_t batch,
                    std::int64_t capacity) {
  Tensors cache{{names.length, zeros("int64", {1})}};
  for (const auto& entry : names.cache) {
    const auto& past = *find(decoder.inputs, entry.past);
    const auto& dims = past.dims;
    cache.emplace(entry.past, zeros(past.dtype, {batch, dims[1].size, capacity, dims[3].size}));
  }
  return cache;
}

}  // namespace edgeattn
