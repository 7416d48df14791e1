import CEdgeAttn
import Foundation

/// An array of numbers in C order. It shares its memory when it is copied, as an array does.
public struct Tensor: Sendable {
    public let dtype: DType
    public let dims: [Int]
    private let memory: any Memory

    /// Makes a tensor of `values` in C order, without a copy of them.
    ///
    /// - Throws: `InputError` where their number is not that of `dims`.
    public init<Value: Scalar>(_ values: [Value], dims: [Int]) throws {
        try self.init(Value.dtype, dims, values)
    }

    /// Makes a tensor of bytes as they lie in memory, little-endian.
    ///
    /// - Throws: `InputError` where their number is not that of `dims`.
    public init(bytes: Data, dtype: DType, dims: [Int]) throws {
        try self.init(dtype, dims, bytes)
    }

    private init(_ dtype: DType, _ dims: [Int], _ memory: any Memory) throws {
        let found = memory.withBytes(\.count)
        try requireInput(
            Tensor.bytes(dtype, dims) == found, "\(found) bytes found, those of \(dtype)\(dims) expected")
        (self.dtype, self.dims, self.memory) = (dtype, dims, memory)
    }

    /// Returns the bytes that a tensor takes, or nil where dims are below 0 or beyond all memory.
    private static func bytes(_ dtype: DType, _ dims: [Int]) -> Int? {
        dims.reduce(dtype.size) { count, dim in
            guard let count, dim >= 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: dim)
            return overflow ? nil : product
        }
    }

    /// How many values there are.
    public var count: Int { dims.reduce(1, *) }

    /// Returns the values in C order, of the type that the dtype is.
    ///
    /// - Throws: `InputError` where the dtype is another.
    public func values<Value: Scalar>(_ type: Value.Type = Value.self) throws -> [Value] {
        try requireInput(Value.dtype == dtype, "\(Value.dtype) values asked for, the tensor holds \(dtype)")
        if let values = memory as? [Value] { return values }
        return memory.withBytes { bytes in
            Array(unsafeUninitializedCapacity: count) { places, filled in
                UnsafeMutableRawBufferPointer(places).copyMemory(from: bytes)
                filled = count
            }
        }
    }
}

/// Numbers that stay where they are as long as a tensor holds them.
private protocol Memory: Sendable {
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension Array: Memory where Element: Scalar {
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(body)
    }
}

extension Data: Memory {
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(body)
    }
}

/// One array of what a call answered.
private struct Output: Memory, @unchecked Sendable {
    let tensors: Handle
    let bytes: UnsafeRawBufferPointer

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(tensors) { try body(bytes) }
    }
}

extension Handle {
    /// Takes over tensors of the core.
    static func tensors(_ pointer: OpaquePointer?) throws -> Handle {
        try Handle(pointer) { edgeattn_tensors_free($0) }
    }

    /// Copies tensors into the core.
    static func tensors(copying tensors: [String: Tensor]) throws -> Handle {
        let handle = try Handle.tensors(edgeattn_tensors_new())
        try handle.use { pointer in
            for (name, tensor) in tensors {
                try tensor.withView(name) { view in try call { edgeattn_tensors_put(pointer, view, $0) } }
            }
        }
        return handle
    }

    /// Returns tensors that lie in the core's memory.
    func tensors() throws -> [String: Tensor] {
        try use { pointer in
            try (0..<edgeattn_tensors_count(pointer)).reduce(into: [:]) { tensors, index in
                var view = edgeattn_tensor()
                try call { edgeattn_tensors_get(pointer, index, &view, $0) }
                tensors[String(cString: view.name)] = try Tensor(view, of: self)
            }
        }
    }
}

extension Tensor {
    fileprivate init(_ view: edgeattn_tensor, of tensors: Handle) throws {
        let dims = UnsafeBufferPointer(start: view.dims, count: view.rank).map { Int($0) }
        let bytes = UnsafeRawBufferPointer(start: view.data, count: view.bytes)
        try self.init(
            DType(rawValue: String(cString: view.dtype))!, dims, Output(tensors: tensors, bytes: bytes))
    }

    /// Calls `body` with what the core is told of a tensor, without a copy of its numbers.
    func withView(_ name: String, _ body: (UnsafePointer<edgeattn_tensor>) throws -> Void) throws {
        try Arguments.with { arguments in
            let (name, dtype) = (try arguments.text(name), try arguments.text(dtype.rawValue))
            let sizes = arguments.array(dims.map(Int64.init))
            try memory.withBytes { bytes in
                var view = edgeattn_tensor(
                    name: name, dtype: dtype, dims: sizes, rank: dims.count,
                    data: bytes.baseAddress, bytes: bytes.count)
                try body(&view)
            }
        }
    }
}
