#include "bundle_files.hpp"
#include "manifest.hpp"
#include "sha2.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

class MemoryFiles : public FileSource {
 public:
  explicit MemoryFiles(BundleMemory memory) : memory_(std::move(memory)) {}

  bool has(const std::string& file) const override { return memory_.files.count(file) != 0; }

  std::uintmax_t size(const std::string& file) const override { return bytes(file).size(); }

  std::string read(const std::string& file) const override { return std::string(bytes(file)); }

  std::optional<std::string_view> view(const std::string& file) const override { return bytes(file); }

  std::string sha256(const std::string& file, const OnBytes& on_bytes) const override {
    return edgeattn::sha256(bytes(file), on_bytes);
  }

  void check_listed(const Manifest& manifest) const override {
    for (const auto& [file, bytes] : memory_.files)
      if (!is_listed(manifest, file))
        throw BundleError(words(path_of(memory_folder(), file).u8string(), ": not listed in ", kManifestFile,
                                "; leave it out"));
  }

 private:
  std::string_view bytes(const std::string& file) const {
    const auto found = memory_.files.find(file);
    if (found == memory_.files.end())
      throw BundleError(
          words(path_of(memory_folder(), file).u8string(), ": no such file; hand over all files of the bundle"));
    return found->second;
  }

  BundleMemory memory_;
};

}  // namespace

std::filesystem::path memory_folder() { return "memory"; }

std::shared_ptr<const FileSource> files_in(BundleMemory memory) {
  return std::make_shared<MemoryFiles>(std::move(memory));
}

}  // namespace edgeattn
