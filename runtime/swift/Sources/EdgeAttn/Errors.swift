import CEdgeAttn
import Foundation

/// The root: catch `any EdgeAttnError` to catch all that this package throws on purpose, but `CancellationError`.
/// A message is one line: what was found, what was expected, what to do.
public protocol EdgeAttnError: LocalizedError, CustomStringConvertible, Sendable {
    var description: String { get }
}

extension EdgeAttnError {
    public var errorDescription: String? { description }
}

/// What the caller handed over is wrong: a tensor, a prompt, an image, a setting, a closed model.
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

/// The device lacks memory or open files.
public struct ResourceError: EdgeAttnError {
    public let description: String
}

/// A call did not end in the time that it was given.
public struct DeadlineError: EdgeAttnError {
    public let description: String
}

/// Anything else that failed beneath.
public struct RuntimeError: EdgeAttnError {
    public let description: String
}

func failure(_ status: edgeattn_status, _ message: String) -> any EdgeAttnError {
    switch status {
    case EDGEATTN_INPUT_ERROR: InputError(description: message)
    case EDGEATTN_BUNDLE_ERROR: BundleError(description: message)
    case EDGEATTN_INCOMPATIBLE_RUNTIME_ERROR: IncompatibleRuntimeError(description: message)
    case EDGEATTN_RESOURCE_ERROR: ResourceError(description: message)
    case EDGEATTN_DEADLINE_ERROR: DeadlineError(description: message)
    default: RuntimeError(description: message)
    }
}

func requireInput(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw InputError(description: message()) }
}
