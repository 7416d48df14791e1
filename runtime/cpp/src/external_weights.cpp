#include "external_weights.hpp"

#include <fstream>

#include "boundary.hpp"
#include "engine.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

enum class Message { kNone, kModel, kTraining, kFunction, kGraph, kNode, kAttribute, kSparseTensor, kTensor, kEntry };

constexpr int kKey = 1, kValue = 2;  // of an entry
constexpr int kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5;  // how a field is written
constexpr int kDeepestMessage = 100;                  // messages in one another, as protobuf itself has it
constexpr std::uint64_t kLongestText = 4096;   // bytes of a key or a location

/// Returns what a field that leads to tensors holds (onnx.proto); nothing of any other.
Message held_by(Message message, std::uint64_t field) {
  static const std::map<std::pair<Message, std::uint64_t>, Message> fields = {
      {{Message::kModel, 7}, Message::kGraph},
      {{Message::kModel, 20}, Message::kTraining},
      {{Message::kModel, 25}, Message::kFunction},
      {{Message::kTraining, 1}, Message::kGraph},
      {{Message::kTraining, 2}, Message::kGraph},
      {{Message::kFunction, 7}, Message::kNode},
      {{Message::kFunction, 11}, Message::kAttribute},
      {{Message::kGraph, 1}, Message::kNode},
      {{Message::kGraph, 5}, Message::kTensor},
      {{Message::kGraph, 15}, Message::kSparseTensor},
      {{Message::kNode, 5}, Message::kAttribute},
      {{Message::kAttribute, 5}, Message::kTensor},
      {{Message::kAttribute, 6}, Message::kGraph},
      {{Message::kAttribute, 10}, Message::kTensor},
      {{Message::kAttribute, 11}, Message::kGraph},
      {{Message::kAttribute, 22}, Message::kSparseTensor},
      {{Message::kAttribute, 23}, Message::kSparseTensor},
      {{Message::kSparseTensor, 1}, Message::kTensor},
      {{Message::kSparseTensor, 2}, Message::kTensor},
      {{Message::kTensor, 13}, Message::kEntry}};
  const auto found = fields.find({message, field});
  return found == fields.end() ? Message::kNone : found->second;
}

/// Whether a path is absolute, on any system, or leads out of the folder that it begins in.
bool leaves_folder(const std::string& location) {
  int depth = 0;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = location.find_first_of("/\\", begin);
    const auto part = location.substr(begin, end - begin);
    if (begin == 0 && (part.empty() || part.find(':') != std::string::npos)) return true;
    if (part == "..") --depth;
    else if (!part.empty() && part != ".") ++depth;
    if (depth < 0) return true;
  }
  return false;
}

struct WireField {
  std::uint64_t number;
  std::optional<std::uint64_t> size;  // of what follows, where the field has a length
};

/// Reads the messages that lead to tensors, and passes over all else.
class Walk {
 public:
  Walk(std::istream& in, const std::string& label, const std::map<std::string, std::string_view>* in_memory)
      : in_(in), label_(label), in_memory_(in_memory) {}

  void check() {
    in_.seekg(0, std::ios::end);
    const auto end = in_.tellg();
    in_.seekg(0);
    if (!in_) fail();
    message(Message::kModel, static_cast<std::uint64_t>(end), 0);
  }

 private:
  void message(Message kind, std::uint64_t end, int depth) {
    if (depth > kDeepestMessage) fail();
    while (at_ < end) {
      const auto field = next(end);
      if (!field.size) continue;
      const auto inner = held_by(kind, field.number);
      if (inner == Message::kNone) skip(*field.size);
      else if (inner == Message::kEntry) entry(at_ + *field.size);
      else message(inner, at_ + *field.size, depth + 1);
    }
  }

  void entry(std::uint64_t end) {
    std::string key, value;
    while (at_ < end) {
      const auto field = next(end);
      if (!field.size) continue;
      if (field.number == kKey) key = text(*field.size);
      else if (field.number == kValue) value = text(*field.size);
      else skip(*field.size);
    }
    if (key == "location" && ((in_memory_ && !in_memory_->count(value)) || leaves_folder(value)))
      throw BundleError(words(label_, ": weights in ", edgeattn::quoted(value),  // not std::quoted, of text that may change
                              " found, a file in its folder expected; export the model again"));
  }

  WireField next(std::uint64_t end) {
    const auto tag = varint();
    const auto kind = static_cast<int>(tag & 7);
    WireField field{tag >> 3, {}};
    if (kind == kVarint) varint();
    else if (kind == kFixed32 || kind == kFixed64) skip(kind == kFixed32 ? 4 : 8);
    else if (kind == kLength) field.size = varint();
    else fail();
    if (tag >> 32 || at_ > end || field.size.value_or(0) > end - at_) fail();
    return field;
  }

  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const auto byte = in_.get();
      if (byte == std::istream::traits_type::eof()) fail();
      ++at_;
      const auto bits = static_cast<std::uint64_t>(byte) & 0x7F;
      if (shift == 63 && bits > 1) fail();
      number |= bits << shift;
      if (byte < 0x80) return number;
    }
    fail();
  }

  std::string text(std::uint64_t size) {
    if (size > kLongestText) fail();
    std::string read(static_cast<std::size_t>(size), '\0');
    if (!in_.read(read.data(), static_cast<std::streamsize>(size))) fail();
    at_ += size;
    return read;
  }

  void skip(std::uint64_t size) {
    if (!in_.seekg(static_cast<std::streamoff>(size), std::ios::cur)) fail();
    at_ += size;
  }

  [[noreturn]] void fail() const {
    throw BundleError(words(label_, ": no message of ONNX found; export the model again"));
  }

  std::istream& in_;
  const std::string& label_;
  const std::map<std::string, std::string_view>* in_memory_;
  std::uint64_t at_ = 0;  // how much was read
};

}  // namespace

void check_external_weights(std::istream& graph, const std::string& label,
                            const std::map<std::string, std::string_view>* in_memory) {
  Walk(graph, label, in_memory).check();
}

void check_external_weights(const GraphFile& file, const std::string& label) {
  constexpr char kCheckedByEngine[] = "1.24";  // the first release that refuses weights outside a graph's folder
  if (!is_older(engine_version(), kCheckedByEngine)) return;
  if (file.content) {
    std::istringstream content{std::string(*file.content)};
    return check_external_weights(content, label, &file.weights);
  }
  std::ifstream opened(file.path, std::ios::binary);
  if (!opened.is_open()) {
    check_resources(label);
    throw BundleError(words(label, ": cannot be read; check its permissions"));
  }
  check_external_weights(opened, label);
}

}  // namespace edgeattn
