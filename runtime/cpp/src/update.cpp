// An update: a bundle put in the place of the one that an app uses, after it was proven on this device.
#include <algorithm>

#include "boundary.hpp"
#include "bundle.hpp"
#include "manifest.hpp"
#include "replacement.hpp"
#include "words.hpp"

namespace edgeattn {
namespace {

namespace fs = std::filesystem;

void copy(const Bundle& bundle, const fs::path& folder) {
  for (const auto& [file, entry] : bundle.manifest.files)
    copy_synced(path_of(bundle.folder, file), path_of(folder, file));
  if (bundle.manifest.signature_key) copy_synced(bundle.folder / kSignatureFile, folder / kSignatureFile);
  copy_synced(bundle.folder / kManifestFile, folder / kManifestFile);
}

/// Refuses to put one model in another's place, which its publisher signed too.
void check_name(const std::string& name, const std::string& folder, const fs::path& over) {
  if (!fs::exists(over / kManifestFile)) return;
  const auto old = parse_manifest(read_bytes(over / kManifestFile)).name;
  if (old != name)
    throw InputError(words(folder, ": a bundle of ", quoted(name), " found, one of ", quoted(old),
                           " expected in the place of ", over.u8string(),
                           "; remove that one first, or name another place"));
}

/// Opens every graph of a bundle, and replays its golden vectors. No file of it is open behind that, since
/// Windows would not rename its folder.
std::vector<GoldenResult> proven(const fs::path& staging, const std::string& folder,
                                 const LoadOptions& options) {
  const auto model = load(staging.u8string(), options);
  for (const auto& [name, graph] : model.manifest().graphs) model.open(name);
  auto results = model.check();
  const auto failed =
      std::count_if(results.begin(), results.end(), [](const auto& each) { return !each.ok; });
  if (failed)
    throw EdgeAttnError(
        words(folder, ": ", failed, " of ", results.size(),
              " golden outputs miss the tolerance on this device; it was not installed"));
  return results;
}

}  // namespace

std::vector<GoldenResult> install(const std::string& folder, const std::string& over,
                                  const LoadOptions& options) try {
  return bounded(over, [&] {
    LoadOptions checked;  // whose progress is told of the copy
    checked.trusted_keys = options.trusted_keys;
    const auto bundle = open_bundle(fs::u8path(folder), checked);
    const auto place = fs::u8path(over);
    check_replaceable(place);
    Staging staging(place);
    copy(bundle, staging.path());
    auto results = proven(staging.path(), folder, options);
    if (options.trusted_keys) check_name(bundle.manifest.name, folder, place);
    staging.put();
    return results;
  });
} catch (const fs::filesystem_error& error) {
  throw InputError(words(over, ": cannot be written (", error.code().message(),
                         "); check the disk, and who may write there"));
}

}  // namespace edgeattn
