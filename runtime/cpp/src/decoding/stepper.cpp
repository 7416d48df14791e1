#include "stepper.hpp"

#include <algorithm>

#include "manifest.hpp"
#include "shape.hpp"

namespace edgeattn {
namespace {

/// An array seen as (outer, places of an axis, inner bytes).
struct Along {
  Along(const Tensor& array, std::size_t axis) : places(static_cast<std::size_t>(array.dims[axis])) {
    for (std::size_t i = 0; i < axis; ++i) outer *= static_cast<std::size_t>(array.dims[i]);
    inner = outer * places == 0 ? 0 : array.data.size() / (outer * places);
  }
  std::size_t outer = 1, places, inner = 0;
};

}  // namespace

std::optional<std::size_t> axis_of(const TensorSpec& tensor, const std::string& symbol) {
  const auto& dims = tensor.dims;
  const auto dim = std::find_if(dims.begin(), dims.end(), [&](const Dim& each) { return each.symbol == symbol; });
  if (dim == dims.end()) return std::nullopt;
  return static_cast<std::size_t>(dim - dims.begin());
}

Tensor taken(const Tensor& array, std::size_t axis, const std::vector<std::size_t>& places) {
  const Along all(array, axis);
  Tensor out{array.dtype, array.dims, {}};
  out.dims[axis] = static_cast<std::int64_t>(places.size());
  out.data.reserve(all.outer * places.size() * all.inner);
  for (std::size_t i = 0; i < all.outer; ++i)
    for (const auto place : places) {
      const auto* first = array.data.data() + (i * all.places + place) * all.inner;
      out.data.insert(out.data.end(), first, first + all.inner);
    }
  return out;
}

Tensor joined(const Tensor& a, const Tensor& b, std::size_t axis) {
  const Along first(a, axis), second(b, axis);
  Tensor out{a.dtype, a.dims, {}};
  out.dims[axis] += b.dims[axis];
  out.data.reserve(a.data.size() + b.data.size());
  const auto add = [&](const Tensor& array, const Along& all, std::size_t i) {
    const auto* begin = array.data.data() + i * all.places * all.inner;
    out.data.insert(out.data.end(), begin, begin + all.places * all.inner);
  };
  for (std::size_t i = 0; i < first.outer; ++i) {
    add(a, first, i);
    add(b, second, i);
  }
  return out;
}

std::map<std::string, std::size_t> batch_axes(const Generation& names, const GraphSpec& decoder) {
  const auto& batch = find(decoder.inputs, names.tokens)->dims[0].symbol;
  std::map<std::string, std::size_t> axes;
  for (const auto& name : names.carried)
    if (const auto axis = axis_of(*find(decoder.inputs, name), batch)) axes[name] = *axis;
  return axes;
}

Stepper::Stepper(const Graph& decoder, const Generation& names, Tensors carried, std::size_t batch)
    : decoder_(decoder),
      names_(names),
      batch_axes_(batch_axes(names, decoder.spec())),
      fed_(std::move(carried)),
      batch_(static_cast<std::int64_t>(batch)),
      vocabulary_(find(decoder.spec().outputs, names.logits)->dims[2].size) {
  fed_.merge(empty_cache(names, decoder.spec(), batch_, 0));
  fed_[names.tokens] = zeros("int64", {batch_, 0});
}

Logits Stepper::step(const Tokens& tokens) {
  const auto added = static_cast<std::int64_t>(tokens.size()) / batch_;
  make_room(length_ + added);
  if (inputs_.empty() || fed_.at(names_.tokens).dims[1] != added) bind(added);
  std::memcpy(fed_.at(names_.tokens).data.data(), tokens.data(), tokens.size() * sizeof(std::int64_t));
  std::memcpy(fed_.at(names_.length).data.data(), &length_, sizeof length_);
  decoder_.session().run_in_place(inputs_, outputs_);
  length_ += added;
  Logits logits{{}, static_cast<std::size_t>(vocabulary_)};
  for (std::int64_t row = 0; row < batch_; ++row)
    logits.rows.push_back(logits_.as<float>() + ((row + 1) * added - 1) * vocabulary_);
  return logits;
}

void Stepper::reorder(const std::vector<std::size_t>& rows, std::size_t shared) {
  if (shared >= length()) return;
  std::vector<std::size_t> changed;
  for (std::size_t place = 0; place < rows.size(); ++place)
    if (rows[place] != place) changed.push_back(place);
  for (const auto& entry : names_.cache) {
    auto& past = fed_.at(entry.past);
    const auto heads = static_cast<std::size_t>(past.dims[1]),
               slot = static_cast<std::size_t>(past.dims[3]) * item_size(past.dtype),
               head = static_cast<std::size_t>(capacity_) * slot, part = (length() - shared) * slot;
    const auto at = [&](std::size_t row, std::size_t h) { return past.data.data() + (row * heads + h) * head + shared * slot; };
    moved_.resize(changed.size() * heads * part);
    auto* next = moved_.data();
    for (const auto place : changed)
      for (std::size_t h = 0; h < heads; ++h, next += part) std::memcpy(next, at(rows[place], h), part);
    next = moved_.data();
    for (const auto place : changed)
      for (std::size_t h = 0; h < heads; ++h, next += part) std::memcpy(at(place, h), next, part);
  }
}

void Stepper::keep(const std::vector<std::size_t>& rows) {
  inputs_.clear();
  batch_ = static_cast<std::int64_t>(rows.size());
  for (const auto& entry : names_.cache) fed_[entry.past] = taken(fed_.at(entry.past), 0, rows);
  for (const auto& [name, axis] : batch_axes_) fed_[name] = taken(fed_.at(name), axis, rows);
}

void Stepper::join(Stepper& other) {
  inputs_.clear();
  batch_ += other.batch_;
  const auto capacity = std::max(capacity_, other.capacity_);
  for (auto* each : {this, &other}) each->make_room(capacity);
  for (const auto& entry : names_.cache) append_rows(fed_.at(entry.past), other.fed_.at(entry.past));
  for (const auto& [name, axis] : batch_axes_) fed_[name] = joined(fed_.at(name), other.fed_.at(name), axis);
}

void Stepper::make_room(std::int64_t total) {
  if (total <= capacity_) return;
  inputs_.clear();
  capacity_ = capacity_for(total, names_);
  for (const auto& entry : names_.cache) {
    auto& past = fed_.at(entry.past);
    past = resized(past, {past.dims[0], past.dims[1], capacity_, past.dims[3]});
  }
}

/// Points the calls at the arrays, for so many new tokens.
void Stepper::bind(std::int64_t added) {
  fed_[names_.tokens] = zeros("int64", {batch_, added});
  logits_ = zeros("float32", {batch_, added, vocabulary_});
  inputs_.clear();
  for (auto& [name, tensor] : fed_) inputs_[name] = &tensor;
  outputs_ = {{names_.logits, &logits_}};
  for (const auto& entry : names_.cache) outputs_[entry.present] = inputs_.at(entry.past);
}

}  // namespace edgeattn
