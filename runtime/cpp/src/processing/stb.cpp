#include "stb.hpp"

#include <cstdlib>
#include <limits>

#include "words.hpp"

namespace {

thread_local std::size_t most_bytes = 0;  // of one allocation: what is compressed may unfold to any size

void* allocate(std::size_t bytes) { return bytes > most_bytes ? nullptr : std::malloc(bytes); }
void* reallocate(void* memory, std::size_t bytes) {
  return bytes > most_bytes ? nullptr : std::realloc(memory, bytes);
}

}  // namespace

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_MALLOC allocate
#define STBI_REALLOC reallocate
#define STBI_FREE std::free
#include <stb/stb_image.h>

namespace edgeattn {

Image stb_image(std::string_view bytes, std::int64_t height, std::int64_t width) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw InputError("a file of 2 GB or more found, a smaller image expected");
  // The file itself, its unfolded rows or coefficients, and pixels, each in whole blocks, and grown by
  // doubling.
  most_bytes = static_cast<std::size_t>(16 * (height + 64) * (width + 64)) + (1 << 20);
  int x = 0, y = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                            &x, &y, &channels, 0),
      stbi_image_free);
  if (!pixels)
    throw InputError(words("no image that can be read whole (", stbi_failure_reason(), "); save it again"));
  if (x != width || y != height || channels < 1 || channels > 4)
    throw InputError(
        words("an image of ", x, " x ", y, " found, ", width, " x ", height, " told; save it again"));
  const auto size = static_cast<std::size_t>(height * width) * static_cast<std::size_t>(channels);
  return {height, width, channels, {pixels.get(), pixels.get() + size}};
}

}  // namespace edgeattn
