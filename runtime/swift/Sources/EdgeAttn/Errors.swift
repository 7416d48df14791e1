import Foundation

/// The root: catch `any EdgeAttnError` to catch all that this package throws on purpose.
/// A message is one line: what was found, what was expected, what to do.
public protocol EdgeAttnError: LocalizedError, CustomStringConvertible, Sendable {
    var description: String { get }
}

extension EdgeAttnError {
    public var errorDescription: String? { description }
}

/// What the caller handed over is wrong: a tensor, a prompt, an image, a setting.
public struct InputError: EdgeAttnError {
    public let description: String
}

/// A bundle is missing, truncated, changed, escaping, or of an unknown schema.
public struct BundleError: EdgeAttnError {
    public let description: String
}

/// No variant of the bundle runs here: it needs another engine, a newer one, or one built with more.
public struct IncompatibleRuntimeError: EdgeAttnError {
    public let description: String
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw BundleError(description: message()) }
}

func requireInput(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw InputError(description: message()) }
}
