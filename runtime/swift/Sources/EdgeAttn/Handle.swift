import CEdgeAttn

typealias Failure = UnsafeMutablePointer<OpaquePointer?>

/// What the core handed out: it is freed with its last owner, and never while it is used.
final class Handle: @unchecked Sendable {
    private let pointer: OpaquePointer
    private let free: @Sendable (OpaquePointer?) -> Void

    /// Takes what a function without an error hands out; nil means that there is no memory.
    init(_ pointer: OpaquePointer?, free: @escaping @Sendable (OpaquePointer?) -> Void) throws {
        guard let pointer else { throw ResourceError(description: "no memory left; free some") }
        (self.pointer, self.free) = (pointer, free)
    }

    deinit { free(pointer) }

    func use<Result>(_ body: (OpaquePointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(pointer) }
    }
}

/// Calls the core, and throws what it reports.
func call(_ function: (Failure) -> edgeattn_status) throws {
    var error: OpaquePointer?
    let status = function(&error)
    guard status != EDGEATTN_OK else { return }
    defer { edgeattn_error_free(error) }
    throw failure(status, String(cString: edgeattn_error_message(error)))
}

/// Calls the core for what it hands out, or nil where it hands out nothing.
func handed<Value>(_ function: (UnsafeMutablePointer<Value?>, Failure) -> edgeattn_status) throws -> Value? {
    var value: Value?
    try call { function(&value, $0) }
    return value
}

/// Returns a text that may hold NULs.
func decoded(_ text: UnsafePointer<CChar>, _ size: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text, count: size), as: UTF8.self)
}

/// Calls the core for a text.
func text(_ function: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, Failure) -> edgeattn_status) throws -> String
{
    let text = try handed(function)
    defer { edgeattn_text_free(text) }
    return text.map { String(cString: $0) } ?? ""
}
