import Foundation

#if canImport(CryptoKit)
    import CryptoKit
#else
    import CCrypto
#endif

/// A bundle whose every file has been checked against its manifest.
struct BundleFiles: Sendable {
    let folder: URL
    let manifest: Manifest

    /// Check the whole folder; nothing of it is used before. A signature is not verified.
    init(_ folder: URL) throws {
        self.folder = folder
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder)
        try require(exists && isFolder.boolValue, "\(folder.path): the folder of a bundle expected; check the path")
        let path = try inside(folder, "manifest.json")
        let bytes = try size(path)
        try require(bytes <= 1 << 20, "\(path): \(bytes) bytes found, at most \(1 << 20) expected")
        do {
            manifest = try Manifest.parse(Data(contentsOf: URL(fileURLWithPath: path)))
        } catch let error as BundleError {
            throw BundleError(description: "\(path): \(error)")
        }
        try checkSizes()
        try checkListed()
        for (file, entry) in manifest.files {
            let found = try sha256(folder.appendingPathComponent(file))
            try require(
                found == entry.sha256,
                "\(folder.appendingPathComponent(file).path): sha256 \(found.prefix(12))... found, \(entry.sha256.prefix(12))... expected (changed); copy the bundle again"
            )
        }
    }

    func path(_ file: String) -> String { folder.appendingPathComponent(file).path }

    private func checkSizes() throws {
        if manifest.signature != nil {
            let path = try inside(folder, "manifest.sig")
            let found = try size(path)
            try require(found == 64, "\(path): \(found) bytes found, 64 expected; copy the bundle again")
        }
        for (file, entry) in manifest.files {
            let path = try inside(folder, file)
            let found = try size(path)
            try require(
                found == entry.size, "\(path): \(found) bytes found, \(entry.size) expected; copy the bundle again")
        }
    }

    private func checkListed() throws {
        let own = Set(["manifest.json"] + (manifest.signature == nil ? [] : ["manifest.sig"]))
        let walk = FileManager.default.enumerator(atPath: folder.path)  // follows no link
        while let file = walk?.nextObject() as? String {
            let type = walk?.fileAttributes?[.type] as? FileAttributeType
            let isListed = own.contains(file) || manifest.files[file] != nil
            let isFromDesktop = type == .typeRegular && fromDesktop.contains((file as NSString).lastPathComponent)
            let isKnown = type == .typeDirectory || isListed || isFromDesktop
            try require(isKnown, "\(path(file)): not listed in manifest.json; remove it or copy the bundle again")
        }
    }
}

/// What Finder or Explorer leaves in a folder that it shows.
private let fromDesktop: Set = [".DS_Store", "Thumbs.db"]

/// Return the path of a file that is there, and within the folder once links are followed.
private func inside(_ folder: URL, _ file: String) throws -> String {
    let path = folder.appendingPathComponent(file).path
    let home = realPath(folder.path)
    let found = realPath(path)
    try require(found != nil, "\(path): no such file; copy the bundle again, whole")
    try require(
        found!.hasPrefix(home! + "/"), "\(path): a link that leaves the folder; copy the bundle with its links followed"
    )
    let type = try? FileManager.default.attributesOfItem(atPath: found!)[.type] as? FileAttributeType
    try require(type == .typeRegular, "\(path): no file; copy the bundle again, whole")
    return path
}

private func realPath(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
}

private func size(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: realPath(path)!)
    return (attributes[.size] as? NSNumber)?.intValue ?? -1
}

/// Return the lowercase hex of a file's sha256.
private func sha256(_ url: URL) throws -> String {
    let file = try FileHandle(forReadingFrom: url)
    defer { try? file.close() }
    #if canImport(CryptoKit)
        var hash = SHA256()
        while let part = try file.read(upToCount: 1 << 20), !part.isEmpty { hash.update(data: part) }
        let digest = Array(hash.finalize())
    #else
        let hash = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(hash) }
        EVP_DigestInit_ex(hash, EVP_sha256(), nil)
        while let part = try file.read(upToCount: 1 << 20), !part.isEmpty {
            _ = part.withUnsafeBytes { EVP_DigestUpdate(hash, $0.baseAddress, $0.count) }
        }
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(hash, &digest, nil)
    #endif
    return digest.map { String(format: "%02x", $0) }.joined()
}
