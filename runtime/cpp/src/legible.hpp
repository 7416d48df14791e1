// Text of others, such as names in a graph, made fit for a line or a terminal: nothing unseen in it.
#pragma once

#include <cstddef>
#include <string>

namespace edgeattn {

/// Says whether a text has characters, all of them printable as Python has it: no blank but the space, no control or
/// format character, and none that Unicode leaves open.
bool is_printable(const std::string& text);

/// Returns a text with all that is unseen, or would command a terminal, as an escape such as \x1b. A line's end stays one.
std::string legible(const std::string& text);

/// Returns a text of at most `most` bytes, at least ten: a longer one loses its middle.
std::string shortened(const std::string& text, std::size_t most);

/// Returns a text as one legible line of at most `most` bytes and " ...".
std::string one_line(const std::string& text, std::size_t most);

}  // namespace edgeattn
