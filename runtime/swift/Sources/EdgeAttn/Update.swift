import CEdgeAttn
import Foundation

extension Model {
    /// Puts a bundle in the place of another, or leaves that one.
    ///
    /// It is copied beside the old one, checked whole, opened, and replays its golden vectors on this device. Then it
    /// takes the place: a process that is killed at any moment leaves one of the two there, whole. A model that is
    /// loaded goes on with what it has opened.
    ///
    /// - Parameters:
    ///   - bundle: The folder of the new one.
    ///   - place: That of the one in use, or where there is none yet.
    ///   - trustedKeys: As of `load`. What they signed takes no place of a bundle of another name.
    /// - Returns: How near the golden outputs came.
    /// - Throws: `RuntimeError` where a golden output misses its tolerance here; otherwise as `load`, and `InputError`
    ///   for a place where no bundle may be written.
    @discardableResult
    public static func install(
        _ bundle: URL, over place: URL, target: String? = nil, threads: Int? = nil, trustedKeys: [String]? = nil
    ) throws -> [GoldenResult] {
        try Arguments.with { arguments in
            var options = try arguments.loadOptions(target, threads, trustedKeys)
            let (folder, over) = (try arguments.text(bundle.path), try arguments.text(place.path))
            return try goldenResults(handed { edgeattn_install(folder, over, &options, $0, $1) })
        }
    }

    /// Puts a bundle in the place of another without blocking an actor.
    @discardableResult
    public static func install(
        _ bundle: URL, over place: URL, target: String? = nil, threads: Int? = nil, trustedKeys: [String]? = nil
    ) async throws -> [GoldenResult] {
        @Sendable func installed() throws -> [GoldenResult] {
            try install(bundle, over: place, target: target, threads: threads, trustedKeys: trustedKeys)
        }
        return try await blocking { _ in try installed() }
    }
}
