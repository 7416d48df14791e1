// Which text of a pair is cut, and to how many tokens.
#pragma once

#include <string>
#include <utility>

namespace edgeattn::text {

/// Returns how many of two texts' tokens are kept where there is room for so many together. `truncation` is
/// "longest_first", "only_first" or "only_second". Throws InputError where no token of the text that is cut would be left.
std::pair<std::size_t, std::size_t> kept(std::size_t first, std::size_t second, std::size_t room,
                                         const std::string& truncation);

}  // namespace edgeattn::text
