// Images become an input: in its colors, size, numbers and layout, to the bit.
#include <algorithm>

#include "limits.hpp"
#include "model.hpp"
#include "part.hpp"
#include "resize.hpp"
#include "shape.hpp"

// To the bit: no multiplication is fused with an addition, however this is built.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

namespace edgeattn {
namespace {

void check_image(const Image& image, const ImageProcessing& how) {
  const auto bytes = byte_count("uint8", {image.height, image.width, image.channels});
  if (image.height < 1 || image.width < 1 || image.channels < 1 || image.channels > 4 || !bytes ||
      image.pixels.size() != *bytes)
    throw InputError(words("image: ", image.pixels.size(), " bytes found for ", image.height, " x ",
                           image.width, " x ", image.channels,
                           " channels; pixels of 1 to 4 channels expected"));
  if (image.height > kMostPixels / image.width)
    throw InputError(words("image: ", image.width, " x ", image.height, " pixels found, at most ",
                           kMostPixels, " expected; give a smaller image"));
  const auto [height, width] = resized(how, {image.height, image.width});
  if (height == 0 || width == 0)
    throw InputError(words("image: ", image.height, " x ", image.width, " found, which becomes ", height, " x ",
                           width, "; give one that is less narrow"));
  if (const auto rows = std::max(image.height, height); rows > kMostPixels / width)
    throw InputError(words("image: ", rows, " rows found, ", kMostPixels / width,
                           " at most expected of an image that is made ", width,
                           " wide; give a smaller one"));
}

/// Returns an image in the channels that are asked for: 1 or 3.
Pixels colored(const Image& image, std::int64_t channels) {
  const auto step = static_cast<std::size_t>(image.channels), places = image.pixels.size() / step;
  const bool grey = step < 3;
  Pixels out{image.height, image.width, channels,
             std::vector<std::uint8_t>(places * static_cast<std::size_t>(channels))};
  auto* value = out.values.data();
  for (const auto *pixel = image.pixels.data(), *end = pixel + image.pixels.size(); pixel != end;
       pixel += step) {
    if (step % 2 == 0 && pixel[step - 1] != 255)
      throw InputError("image: a transparent pixel found, none expected; lay it over a background");
    const auto r = pixel[0], g = grey ? r : pixel[1], b = grey ? r : pixel[2];
    if (channels == 3) {
      *value++ = r, *value++ = g, *value++ = b;
    } else {
      *value++ = grey ? r : static_cast<std::uint8_t>((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
    }
  }
  return out;
}

/// Which places of a resized axis an input takes, and where they lie in it.
struct Span {
  std::int64_t from, to, count;
};

Span span(const std::string& align, std::int64_t size, std::int64_t kept) {
  const auto first = align.empty() ? 0 : first_kept(align, size, kept);
  const auto from = std::max<std::int64_t>(first, 0), to = std::max<std::int64_t>(-first, 0);
  return {from, to, std::min(size - from, kept - to)};
}

/// Writes an image's numbers into its frame, in the layout and order of channels that are asked for.
void write_numbers(const Pixels& image, const ImageProcessing& how, Size frame, float* out) {
  const auto channels = static_cast<std::int64_t>(how.channels.size()), places = frame.height * frame.width;
  const bool planes = how.layout == "NCHW";
  const auto rows = span(how.align, image.height, frame.height), columns = span(how.align, image.width, frame.width);
  for (std::int64_t c = 0; c < channels; ++c) {
    const auto channel = static_cast<std::size_t>(c), source = how.channels == "BGR" ? 2 - channel : channel;
    const auto number = [&](std::int64_t y, std::int64_t x) -> float& {
      const auto place = y * frame.width + x;
      return out[planes ? c * places + place : place * channels + c];
    };
    if (how.border)
      for (std::int64_t y = 0; y < frame.height; ++y)
        for (std::int64_t x = 0; x < frame.width; ++x) number(y, x) = static_cast<float>((*how.border)[channel]);
    for (std::int64_t y = 0; y < rows.count; ++y)
      for (std::int64_t x = 0; x < columns.count; ++x) {
        const auto place = (rows.from + y) * image.width + columns.from + x;
        const auto level = image.values[static_cast<std::size_t>(place * channels) + source];
        const double scaled = level * how.scale;
        number(rows.to + y, columns.to + x) = static_cast<float>((scaled - how.mean[channel]) / how.std[channel]);
      }
  }
}

/// Returns the height and width of a batch's input: the manifest's, or that of all images once they are resized.
Size frame_of(const std::vector<Image>& images, const ImageProcessing& how) {
  std::optional<Size> frame;
  for (const auto& image : images) {
    check_image(image, how);
    const auto size = resized(how, {image.height, image.width});
    const Size own{how.height.value_or(size.height), how.width.value_or(size.width)};
    if (how.align == "start" && (size.height > own.height || size.width > own.width))
      throw InputError(words("image: ", size.height, " x ", size.width, " found once it is resized, at most ",
                             own.height, " x ", own.width, " expected; give one of another aspect"));
    if (!frame) frame = own;
    if (frame->height != own.height || frame->width != own.width)
      throw InputError(words("image: ", frame->height, " x ", frame->width, " and ", own.height, " x ", own.width,
                             " found in a batch, one size expected; give them one by one"));
  }
  if (!frame) throw InputError("image: an empty batch found, at least one expected");
  return *frame;
}

}  // namespace

Tensors Model::prepare(const std::vector<Image>& images) const {
  const auto& how = part_of(manifest(), &Processing::image, "image");
  const auto frame = frame_of(images, how);
  const auto batch = static_cast<std::int64_t>(images.size()),
             channels = static_cast<std::int64_t>(how.channels.size());
  auto tensor = zeros("float32", how.layout == "NCHW" ? std::vector{batch, channels, frame.height, frame.width}
                                                      : std::vector{batch, frame.height, frame.width, channels});
  auto* numbers = reinterpret_cast<float*>(tensor.data.data());
  for (const auto& image : images) {
    const auto to = resized(how, {image.height, image.width});
    write_numbers(resampled(colored(image, channels), to, how.resample), how, frame, numbers);
    numbers += channels * frame.height * frame.width;
  }
  return {{how.input, std::move(tensor)}};
}

}  // namespace edgeattn
