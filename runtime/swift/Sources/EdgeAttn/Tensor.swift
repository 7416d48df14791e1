import Foundation

/// An array of numbers in C order. It shares its memory when it is copied, as an array does.
public struct Tensor: @unchecked Sendable {
    public let dtype: DType
    public let dims: [Int]
    let memory: Memory

    /// Memory at one place for as long as a tensor holds it, zeros at first.
    final class Memory {
        let start: UnsafeMutableRawPointer

        init?(_ size: Int) {
            guard let start = calloc(max(size, 1), 1) else { return nil }
            self.start = start
        }

        deinit { free(start) }
    }

    /// Make a tensor of zeros.
    ///
    /// - Throws: `InputError` where it needs more memory than there is.
    public init(zeros dtype: DType, dims: [Int]) throws {
        guard let size = Tensor.size(dims, dtype), let memory = Memory(size) else {
            throw InputError(description: "\(dtype)\(dims) found, a tensor that fits into memory expected")
        }
        (self.dtype, self.dims, self.memory) = (dtype, dims, memory)
    }

    /// Return the bytes that a tensor takes, or nil where dims are below 0 or beyond all memory.
    static func size(_ dims: [Int], _ dtype: DType) -> Int? {
        dims.reduce(dtype.size) { count, dim in
            guard let count, dim >= 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: dim)
            return overflow ? nil : product
        }
    }

    /// Make a tensor of `values` in C order.
    ///
    /// - Throws: `InputError` where their number is not that of `dims`.
    public init<Value: Element>(_ values: [Value], dims: [Int]) throws {
        let bytes = values.withUnsafeBytes { Data($0) }
        try self.init(bytes: bytes, dtype: Value.dtype, dims: dims)
    }

    /// Make a tensor of bytes as they lie in memory, little-endian.
    ///
    /// - Throws: `InputError` where their number is not that of `dims`.
    public init(bytes: Data, dtype: DType, dims: [Int]) throws {
        let fits = Tensor.size(dims, dtype) == bytes.count
        try requireInput(fits, "\(bytes.count) bytes found, those of \(dtype)\(dims) expected")
        try self.init(zeros: dtype, dims: dims)
        bytes.withUnsafeBytes {
            if let start = $0.baseAddress { memory.start.copyMemory(from: start, byteCount: $0.count) }
        }
    }

    public var count: Int { dims.reduce(1, *) }

    /// Return the values in C order, of the type that the dtype is.
    ///
    /// - Throws: `InputError` where the dtype is another.
    public func values<Value: Element>(_ type: Value.Type = Value.self) throws -> [Value] {
        try requireInput(Value.dtype == dtype, "\(Value.dtype) values asked for, the tensor holds \(dtype)")
        return elements()
    }

    func elements<Value>() -> [Value] {
        Array(UnsafeRawBufferPointer(start: memory.start, count: count * dtype.size).bindMemory(to: Value.self))
    }

    /// The values in float64, for comparisons; integers beyond 2^53 are rounded.
    var doubles: [Double] {
        func cast<Value: Element>(_: Value.Type) -> [Double] { (elements() as [Value]).map(\.double) }
        return cast(dtype.known.type)
    }

    /// The first integer that is no index into a table of so many rows.
    func firstIndex(beyond rows: Int) -> String? {
        func first<Value: Element>(_: Value.Type) -> String? {
            UnsafeRawBufferPointer(start: memory.start, count: count * dtype.size).bindMemory(to: Value.self)
                .first { $0.double < 0 || $0.double >= Double(rows) }.map { "\($0)" }
        }
        return first(dtype.known.type)
    }

    var hasNaN: Bool { dtype.isFloat && doubles.contains { $0.isNaN } }

    /// Return the same of other dims: cut at the end of each axis, or filled up there with `filling`.
    func resized(_ wanted: [Int], filling: Int = 0) throws -> Tensor {
        var result = try Tensor(zeros: dtype, dims: wanted)
        if filling != 0 { result = try .whole([Int](repeating: filling, count: result.count), dtype, dims: wanted) }
        copy(axis: 0, from: 0, to: 0, into: result)
        return result
    }

    /// Return rows, along the first axis, by their places.
    func rows(_ places: [Int]) throws -> Tensor {
        let result = try Tensor(zeros: dtype, dims: [places.count] + dims.dropFirst())
        let size = dims.dropFirst().reduce(dtype.size, *)
        for (i, place) in places.enumerated() where size > 0 {
            (result.memory.start + i * size).copyMemory(from: memory.start + place * size, byteCount: size)
        }
        return result
    }

    /// Return tensors one behind the other along the first axis.
    static func joined(_ parts: [Tensor]) throws -> Tensor {
        let dims = [parts.reduce(0) { $0 + $1.dims[0] }] + parts[0].dims.dropFirst()
        let result = try Tensor(zeros: parts[0].dtype, dims: dims)
        var at = 0
        for part in parts {
            let size = part.count * part.dtype.size
            (result.memory.start + at).copyMemory(from: part.memory.start, byteCount: size)
            at += size
        }
        return result
    }

    private func copy(axis: Int, from: Int, to: Int, into result: Tensor) {
        let common = axis < dims.count ? Swift.min(dims[axis], result.dims[axis]) : 1
        let step = dims.dropFirst(axis + 1).reduce(dtype.size, *)
        let other = result.dims.dropFirst(axis + 1).reduce(dtype.size, *)
        if axis + 1 >= dims.count {  // the last axis lies in one piece
            let start = result.memory.start + to
            start.copyMemory(from: memory.start + from, byteCount: common * dtype.size)
        } else {
            for i in 0..<common { copy(axis: axis + 1, from: from + i * step, to: to + i * other, into: result) }
        }
    }
}

extension Tensor {
    /// Return whole numbers in a dtype of the contract's.
    static func whole(_ values: [Int], _ dtype: DType, dims: [Int]) throws -> Tensor {
        func cast<Value: Element>(_: Value.Type) throws -> Tensor {
            let cast = values.compactMap(Value.init(exactly:))
            try requireInput(cast.count == values.count, "numbers found that \(dtype) cannot hold")
            return try Tensor(cast, dims: dims)
        }
        return try cast(dtype.known.type)
    }
}
