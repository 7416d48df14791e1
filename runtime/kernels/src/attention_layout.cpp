#include "attention_layout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "node.hpp"

namespace edgeattn::kernels {
namespace {

constexpr std::size_t size(std::int64_t dim) { return static_cast<std::size_t>(dim); }
constexpr std::int64_t dim(std::size_t size) { return static_cast<std::int64_t>(size); }

// Offsets within a tensor fit, even those of an empty one.
void require_addressable(const Shape& shape, const char* name) {
  Shape filled = shape;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    require(shape[axis] >= 0, name, " has a dimension of ", shape[axis]);
    filled[axis] = std::max<std::int64_t>(1, shape[axis]);
  }
  constexpr auto kMost = std::numeric_limits<std::ptrdiff_t>::max() / dim(sizeof(float));
  require(filled.elements() <= kMost, name, " of ", shape, " does not fit into memory");
}

void require_float(const Tensor& tensor, const char* name) {
  require(tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, name, " must be float, not ",
          type_name(tensor.type));
  require_addressable(tensor.shape, name);
}

void require_dims(const Tensor& tensor, const char* name, const Shape& shape) {
  require(tensor.shape == shape, name, " must be ", shape, ", not ", tensor.shape);
}

// Query, key or value, of rank 3 or 4, as (batch, heads, length, size).
struct Projection {
  std::size_t batch, heads, length, size;
  Heads<const float> at;
};

Projection projection(const Tensor& tensor, const char* name, const char* attribute, std::int64_t heads) {
  require_float(tensor, name);
  const Shape& shape = tensor.shape;
  if (shape.rank() == 4) {
    require(heads == 0 || heads == shape[1], name, " has ", shape[1], " heads, ", attribute, " says ", heads);
    const auto length = size(shape[2]), width = size(shape[3]);
    return {size(shape[0]),
            size(shape[1]),
            length,
            width,
            {tensor.as<float>(), size(shape[1]) * length * width, length * width, width}};
  }
  require(shape.rank() == 3, name, " must be of rank 3 or 4, not ", shape.rank());
  require(heads > 0, name, " of rank 3 needs ", attribute);
  require(shape[2] % heads == 0, name, "'s last dimension, ", shape[2], ", is no multiple of ", attribute,
          ", ", heads);
  const auto length = size(shape[1]), row = size(shape[2]), width = row / size(heads);
  return {size(shape[0]), size(heads), length, width, {tensor.as<float>(), length * row, width, row}};
}

struct Projections {
  Projection query, key, value;
};

// Query, key and value side by side in rows of one tensor; values are as wide as keys.
Projections unpacked(const Tensor& packed, const AttentionAttributes& attributes) {
  require_float(packed, "Q");
  const Shape& shape = packed.shape;
  require(shape.rank() == 3, "Q without K and V must be of rank 3, not ", shape.rank());
  require(attributes.query_heads > 0 && attributes.key_heads > 0,
          "Q without K and V needs q_num_heads and kv_num_heads");
  constexpr auto kMostHeads = std::numeric_limits<std::int32_t>::max();
  require(attributes.query_heads <= kMostHeads && attributes.key_heads <= kMostHeads, "too many heads");
  const auto heads = attributes.query_heads + 2 * attributes.key_heads;
  require(shape[2] % heads == 0, "Q without K and V has rows of ", shape[2],
          ", no multiple of q_num_heads + 2 kv_num_heads, ", heads);
  const auto length = size(shape[1]), row = size(shape[2]), width = row / size(heads);
  const auto part = [&](std::int64_t first, std::int64_t count) -> Projection {
    const auto* const data = packed.data ? packed.as<float>() + size(first) * width : nullptr;
    return {size(shape[0]), size(count), length, width, {data, length * row, width, row}};
  };
  return {part(0, attributes.query_heads), part(attributes.query_heads, attributes.key_heads),
          part(attributes.query_heads + attributes.key_heads, attributes.key_heads)};
}

Projections projections(const AttentionInputs& inputs, const AttentionAttributes& attributes) {
  require(bool(inputs.key) == bool(inputs.value), "K and V must both be given, or both be left out");
  if (!inputs.key) return unpacked(inputs.query, attributes);
  const Projections found = {projection(inputs.query, "Q", "q_num_heads", attributes.query_heads),
                             projection(inputs.key, "K", "kv_num_heads", attributes.key_heads),
                             projection(inputs.value, "V", "kv_num_heads", attributes.key_heads)};
  require(inputs.query.shape.rank() == inputs.key.shape.rank() &&
              inputs.key.shape.rank() == inputs.value.shape.rank(),
          "Q, K and V must be of one rank; they are of ", inputs.query.shape.rank(), ", ",
          inputs.key.shape.rank(), " and ", inputs.value.shape.rank());
  const auto& [query, key, value] = found;
  require(query.batch == key.batch && key.batch == value.batch,
          "Q, K and V must be of one batch; they are of ", query.batch, ", ", key.batch, " and ",
          value.batch);
  require(key.heads == value.heads, "K has ", key.heads, " heads, V has ", value.heads);
  require(key.length == value.length, "K has ", key.length, " keys, V has ", value.length);
  require(query.size == key.size, "a head of Q has ", query.size, " elements, one of K ", key.size);
  return found;
}

KeySpan cache(const AttentionInputs& inputs, const Projections& now) {
  require(bool(inputs.past_key) == bool(inputs.past_value),
          "past_key and past_value must both be given, or both be left out");
  if (!inputs.past_key) return {};
  require_float(inputs.past_key, "past_key");
  require_float(inputs.past_value, "past_value");
  require(inputs.past_key.shape.rank() == 4, "past_key must be of rank 4, not ",
          inputs.past_key.shape.rank());
  const auto length = inputs.past_key.shape[2];
  require_dims(inputs.past_key, "past_key",
               {dim(now.key.batch), dim(now.key.heads), length, dim(now.key.size)});
  require_dims(inputs.past_value, "past_value",
               {dim(now.key.batch), dim(now.key.heads), length, dim(now.value.size)});
  return {projection(inputs.past_key, "past_key", "", 0).at,
          projection(inputs.past_value, "past_value", "", 0).at, size(length)};
}

Mask mask_of(const Tensor& tensor, const AttentionCall& call) {
  if (!tensor) return {};
  const Shape& shape = tensor.shape;
  const bool boolean = tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
  require(boolean || tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
          "attn_mask must be float or bool, not ", type_name(tensor.type));
  require(shape.rank() >= 1 && shape.rank() <= 4, "attn_mask must be of rank 1 to 4, not ", shape.rank());
  require_addressable(shape, "attn_mask");
  const std::size_t whole[] = {call.batch, call.heads, call.queries};
  std::size_t strides[] = {0, 0, 0};
  auto stride = size(shape.last());
  for (std::size_t i = shape.rank() - 1; i-- > 0;) {
    const std::size_t axis = i + 4 - shape.rank();
    require(shape[i] == 1 || size(shape[i]) == whole[axis], "attn_mask of ", shape,
            " does not broadcast to (", call.batch, ", ", call.heads, ", ", call.queries, ", ", call.keys(),
            ")");
    if (shape[i] != 1) strides[axis] = stride;
    stride *= size(shape[i]);
  }
  require(size(shape.last()) <= call.keys(), "attn_mask of ", shape, " is for more than the ", call.keys(),
          " keys");
  return {boolean ? Mask::Kind::kBoolean : Mask::Kind::kAdditive,
          tensor.data,
          strides[0],
          strides[1],
          strides[2],
          size(shape.last())};
}

// Rows in int8, of rank 4.
Heads<const std::int8_t> int8_rows(const Tensor& tensor, const char* name) {
  require(tensor.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, name, " must be int8, not ",
          type_name(tensor.type));
  require(tensor.shape.rank() == 4, name, " must be of rank 4, not ", tensor.shape.rank());
  require_addressable(tensor.shape, name);
  const auto rows = size(tensor.shape[2]), width = size(tensor.shape[3]);
  return {tensor.as<std::int8_t>(), size(tensor.shape[1]) * rows * width, rows * width, width};
}

// A scale for each row of a tensor of rank 4.
Heads<const float> row_scales(const Tensor& tensor, const char* name, const Shape& rows) {
  require_float(tensor, name);
  require_dims(tensor, name, {rows[0], rows[1], rows[2], 1});
  return {tensor.as<float>(), size(rows[1]) * size(rows[2]), size(rows[2]), 1};
}

// What both layouts go by, once dimensions and mask are known.
void apply(const AttentionAttributes& attributes, AttentionCall& call) {
  require(call.key_heads > 0 && call.heads > 0 && call.heads % call.key_heads == 0, "the heads of Q, ",
          call.heads, ", must be a multiple of those of K and V, ", call.key_heads);
  require(call.head_size > 0 && call.value_size > 0, "heads of no elements");
  call.scale = attributes.scale > 0 ? attributes.scale : 1 / std::sqrt(static_cast<float>(call.head_size));
  call.softcap = attributes.softcap;
}

}  // namespace

AttentionLayout lay_out(const Int8AttentionInputs& inputs, const AttentionAttributes& attributes) {
  require(inputs.query.shape.rank() == 4, "Q must be of rank 4, not ", inputs.query.shape.rank());
  const auto query = projection(inputs.query, "Q", "", 0);
  AttentionLayout layout;
  auto& call = layout.call;
  auto& span = call.int8_span;
  span.key = int8_rows(inputs.key, "K");
  span.value = int8_rows(inputs.value, "V");
  const auto &key = inputs.key.shape, &value = inputs.value.shape;
  require_dims(inputs.value, "V", {key[0], key[1], key[2], value[3]});
  require(dim(query.batch) == key[0], "Q is of a batch of ", query.batch, ", K of ", key[0]);
  require(dim(query.size) == key[3], "a head of Q has ", query.size, " elements, one of K ", key[3]);
  span.key_scale = row_scales(inputs.key_scale, "K_scale", key);
  span.value_scale = row_scales(inputs.value_scale, "V_scale", value);
  span.length = size(key[2]);
  call.batch = query.batch;
  call.heads = query.heads;
  call.key_heads = size(key[1]);
  call.queries = query.length;
  call.head_size = query.size;
  call.value_size = size(value[3]);
  call.query = query.at;
  apply(attributes, call);
  call.mask = mask_of(inputs.mask, call);
  layout.y = {key[0], dim(call.heads), dim(call.queries), value[3]};
  require_addressable(layout.y, "the output");
  return layout;
}

AttentionLayout lay_out(const AttentionInputs& inputs, const AttentionAttributes& attributes) {
  const auto now = projections(inputs, attributes);
  AttentionLayout layout;
  auto& call = layout.call;
  call.batch = now.query.batch;
  call.heads = now.query.heads;
  call.key_heads = now.key.heads;
  call.queries = now.query.length;
  call.head_size = now.query.size;
  call.value_size = now.value.size;
  apply(attributes, call);
  call.query = now.query.at;
  call.spans = {cache(inputs, now), KeySpan{now.key.at, now.value.at, now.key.length}};
  call.mask = mask_of(inputs.mask, call);
  const bool one_after_cache =
      call.queries == 1 && call.spans[0].length > 0;  // sees all keys, as in onnxruntime
  call.causal = attributes.causal && !one_after_cache;

  const auto batch = dim(call.batch), heads = dim(call.heads), queries = dim(call.queries),
             width = dim(call.value_size);
  const Shape apart = {batch, heads, queries, width};
  require_addressable(apart, "the output");
  layout.y = inputs.query.shape.rank() == 4 ? apart : Shape{batch, queries, heads * width};
  layout.present_key = {batch, dim(call.key_heads), dim(call.keys()), dim(call.head_size)};
  layout.present_value = {batch, dim(call.key_heads), dim(call.keys()), width};
  require_addressable(layout.present_key, "present_key");
  require_addressable(layout.present_value, "present_value");
  return layout;
}

void AttentionLayout::bind(float* y_data, float* present_key_data, float* present_value_data) {
  const auto whole = [](float* data, std::size_t heads, std::size_t rows, std::size_t width) {
    return Heads<float>{data, heads * rows * width, rows * width, width};
  };
  const auto row = call.heads * call.value_size;
  call.y = y.rank() == 4 ? whole(y_data, call.heads, call.queries, call.value_size)
                         : Heads<float>{y_data, call.queries * row, call.value_size, row};
  call.present_key = whole(present_key_data, call.key_heads, call.keys(), call.head_size);
  call.present_value = whole(present_value_data, call.key_heads, call.keys(), call.value_size);
}

}  // namespace edgeattn::kernels
