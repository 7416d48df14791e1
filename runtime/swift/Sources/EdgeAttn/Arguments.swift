import CEdgeAttn
import Foundation

/// What structures of C point into during one call.
final class Arguments {
    private var pieces: [UnsafeMutableRawPointer] = []

    deinit { for piece in pieces { piece.deallocate() } }

    /// Makes arguments that live as long as `body` runs.
    static func with<Result>(_ body: (Arguments) throws -> Result) rethrows -> Result {
        let arguments = Arguments()
        return try withExtendedLifetime(arguments) { try body(arguments) }
    }

    /// Copies values that are no objects.
    func array<Value>(_ values: [Value]) -> UnsafePointer<Value> {
        let size = max(MemoryLayout<Value>.stride * values.count, 1)
        let piece = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        pieces.append(piece)
        values.withUnsafeBytes { if let start = $0.baseAddress { piece.copyMemory(from: start, byteCount: $0.count) } }
        return UnsafePointer(piece.bindMemory(to: Value.self, capacity: values.count))
    }

    /// - Throws: `InputError` for a NUL, where C would end the text.
    func text(_ text: String) throws -> UnsafePointer<CChar> {
        try requireInput(!text.utf8.contains(0), "a text with a NUL found, one without expected")
        return array(text.utf8CString.map { $0 })
    }

    func text(ifAny text: String?) throws -> UnsafePointer<CChar>? { try text.map { try self.text($0) } }

    func texts(_ texts: [String]) throws -> UnsafePointer<UnsafePointer<CChar>?> {
        try array(texts.map { try text($0) })
    }

    func ids(_ ids: [Int]) -> edgeattn_ids {
        edgeattn_ids(ids: array(ids.map(Int64.init)), count: ids.count)
    }
}
