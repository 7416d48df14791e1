#include <algorithm>

#include "bundle_files.hpp"
#include "manifest.hpp"
#include "sha2.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

class LooseFileSource : public FileSource {
 public:
  explicit LooseFileSource(LooseFiles files) : files_(std::move(files)) {}

  bool has(const std::string& file) const override { return part(file) || files_.memory.count(file) != 0; }

  std::uintmax_t size(const std::string& file) const override {
    const auto* open = part(file);
    return open ? open->size() : bytes(file).size();
  }

  std::string read(const std::string& file) const override {
    const auto* open = part(file);
    if (!open) return std::string(bytes(file));
    std::string copy(open->size(), '\0');
    open->read(0, copy.data(), copy.size());
    return copy;
  }

  bool has_paths() const override { return false; }

  std::optional<std::string_view> view(const std::string& file) const override {
    return part(file) ? std::nullopt : std::optional(bytes(file));
  }

  std::string sha256(const std::string& file, const OnBytes& on_bytes) const override {
    const auto* open = part(file);
    if (!open) return edgeattn::sha256(bytes(file), on_bytes);
    std::size_t at = 0;
    const auto next = [&](char* place, std::size_t most) {
      const auto count = std::min(most, open->size() - at);
      open->read(at, place, count);
      at += count;
      return count;
    };
    return edgeattn::sha256(next, on_bytes);
  }

  void check_listed(const Manifest& manifest) const override {
    for (const auto& [file, bytes] : files_.memory) require_listed(manifest, file);
    for (const auto& [file, part] : files_.parts) require_listed(manifest, file);
  }

 private:
  static void require_listed(const Manifest& manifest, const std::string& file) {
    if (!is_listed(manifest, file))
      throw BundleError(words(path_of(memory_folder(), file).u8string(), ": not listed in ", kManifestFile,
                              "; leave it out"));
  }

  const FilePart* part(const std::string& file) const {
    const auto found = files_.parts.find(file);
    return found == files_.parts.end() ? nullptr : &found->second;
  }

  std::string_view bytes(const std::string& file) const {
    const auto found = files_.memory.find(file);
    if (found == files_.memory.end())
      throw BundleError(
          words(path_of(memory_folder(), file).u8string(), ": no such file; hand over all files of the bundle"));
    return found->second;
  }

  LooseFiles files_;
};

}  // namespace

std::filesystem::path memory_folder() { return "memory"; }

std::shared_ptr<const FileSource> files_in(LooseFiles files) {
  return std::make_shared<LooseFileSource>(std::move(files));
}

}  // namespace edgeattn
