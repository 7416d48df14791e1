#include "product_choice.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "edgeattn_kernels.h"
#include "instruction_set.hpp"

namespace edgeattn::kernels {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr Seconds kBudget(.010);           // of a process
constexpr double kMargin = .95;            // of the usual time: a faster one takes less
constexpr std::size_t kSample = 96 << 10;  // weights of the columns that are timed
constexpr std::size_t kEvicted = 4 << 20;  // bytes that are read to empty the caches
constexpr std::size_t kMostRows = 128, kRows[] = {1, 16, kMostRows};
constexpr int kCalls = 2;

/// A layer with few columns of another, without what it does behind the product.
LayerParameters sample_of(const LayerParameters& whole) {
  LayerParameters sample;
  sample.inner = whole.inner;
  sample.columns = std::clamp<std::size_t>(kSample / whole.inner, 1, whole.columns);
  sample.bits = whole.bits;
  sample.weight = whole.weight;
  sample.scale = whole.scale;
  sample.block = whole.block;
  return sample;
}

/// Times a layer's products in turn, on weights from memory.
class Race {
 public:
  Race(const LayerParameters& sample, std::int64_t target, const Ways& ways)
      : usual_(pack_layer(sample, target, ways.usual)),
        other_(pack_layer(sample, target, *ways.other)),
        x_(kMostRows * sample.inner, 1.f),
        y_(kMostRows * sample.columns),
        evicting_(kEvicted) {}

  /// Returns the other way's time as a share of the usual one's: the geometric mean over kRows.
  double ratio() {
    double product = 1;
    for (const auto* const layer : {&usual_, &other_}) run(*layer, kMostRows);  // a unit's first use is slow
    for (const auto rows : kRows) {
      Seconds usual = Seconds::max(), other = Seconds::max();
      for (int call = 0; call < kCalls; ++call) {
        usual = std::min(usual, time(usual_, rows));
        other = std::min(other, time(other_, rows));
      }
      product *= other / usual;
    }
    return std::cbrt(product);
  }

 private:
  void run(const PackedLayer& layer, std::size_t rows) {
    run_layer(layer, {rows, x_.data(), nullptr, y_.data(), nullptr}, InOrder());
  }

  Seconds time(const PackedLayer& layer, std::size_t rows) {
    for (std::size_t i = 0; i < kEvicted; i += kCacheLine) ++evicting_[i];
    const auto start = std::chrono::steady_clock::now();
    run(layer, rows);
    return std::chrono::steady_clock::now() - start;
  }

  PackedLayer usual_, other_;
  std::vector<float> x_, y_;
  std::vector<std::uint8_t> evicting_;
};

struct Shape {
  std::size_t inner, columns;
  int bits;

  bool operator<(const Shape& other) const {
    return std::tie(inner, columns, bits) < std::tie(other.inner, other.columns, other.bits);
  }
};

struct Choice {
  Ways ways;
  double ratio;  // of the other's time to the usual one's

  bool takes_other() const { return ratio < kMargin; }
  Products taken() const { return takes_other() ? *ways.other : ways.usual; }
};

const char* name_of(Products products) {
  switch (products) {
    case Products::kPairs:
      return "pairs";
    case Products::kQuads:
      return "dot products";
    case Products::kTiles:
      return "AMX";
    case Products::kMatrices:
      return "i8mm";
  }
  return "";
}

/// The choices of this process, and the time that they took.
class Choices {
 public:
  Products of(const LayerParameters& layer, std::int64_t target, const Ways& ways) {
    const std::lock_guard lock(mutex_);
    const Shape shape{layer.inner, layer.columns * (layer.gate ? 2 : 1), layer.bits};
    const auto known = chosen_.find(shape);
    if (known != chosen_.end()) return known->second.taken();
    if (spent_ >= kBudget) return ways.usual;
    const auto start = std::chrono::steady_clock::now();
    const Choice choice{ways, Race(sample_of(layer), target, ways).ratio()};
    spent_ += std::chrono::steady_clock::now() - start;
    chosen_.emplace(shape, choice);
    return choice.taken();
  }

  std::string lines() {
    const std::lock_guard lock(mutex_);
    std::string lines;
    for (const auto& [shape, choice] : chosen_)
      lines += words(shape.inner, " x ", shape.columns, ": ", name_of(choice.taken()), "; ",
                     name_of(*choice.ways.other), " takes ", choice.ratio, " of the time of ",
                     name_of(choice.ways.usual), "\n");
    return lines;
  }

 private:
  std::mutex mutex_;
  std::map<Shape, Choice> chosen_;
  Seconds spent_{0};
};

Choices& choices() {
  static Choices choices;
  return choices;
}

}  // namespace

Products choose_products(const LayerParameters& parameters, std::int64_t target) {
  const auto ways = products_of(target);
  const bool blocks_by_tiles = parameters.block && ways.usual == Products::kTiles;  // which these leave
  return ways.other && !blocks_by_tiles ? choices().of(parameters, target, ways) : ways.usual;
}

std::string chosen_products() { return choices().lines(); }

}  // namespace edgeattn::kernels

const char* edgeattn_kernels_choices() {
  thread_local const auto lines = std::make_unique<std::string>();
  *lines = edgeattn::kernels::chosen_products();
  return lines->c_str();
}
