// A part of an open file, as memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace edgeattn {

struct Mapping {
  std::string_view bytes;
  std::shared_ptr<const void> owner;  // the bytes live as long
};

/// Maps bytes of a descriptor, which may be closed then; `name` is that of the file in errors. Throws InputError where it
/// is none, or has fewer bytes.
Mapping mapped(int descriptor, std::int64_t offset, std::size_t bytes, const std::string& name);

}  // namespace edgeattn
