import Foundation

/// A Swift type that a tensor holds. Booleans are `Bool`; of float16 the bits are `UInt16`.
public protocol Element: Sendable { static var dtype: DType { get } }
extension Bool: Element { public static var dtype: DType { .bool } }
extension Int8: Element { public static var dtype: DType { .int8 } }
extension UInt8: Element { public static var dtype: DType { .uint8 } }
extension Int16: Element { public static var dtype: DType { .int16 } }
extension UInt16: Element { public static var dtype: DType { .uint16 } }
extension Int32: Element { public static var dtype: DType { .int32 } }
extension UInt32: Element { public static var dtype: DType { .uint32 } }
extension Int64: Element { public static var dtype: DType { .int64 } }
extension UInt64: Element { public static var dtype: DType { .uint64 } }
extension Float: Element { public static var dtype: DType { .float32 } }
extension Double: Element { public static var dtype: DType { .float64 } }

extension DType {
    var size: Int {
        switch self {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16, .float16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64: 8
        }
    }
}

/// An array of numbers in C order. It shares its memory when it is copied, as an array does.
public struct Tensor: @unchecked Sendable {
    public let dtype: DType
    public let dims: [Int]
    let memory: Memory

    /// Memory at one place for as long as a tensor holds it, zeros at first.
    final class Memory {
        let bytes: UnsafeMutableRawBufferPointer
        var start: UnsafeMutableRawPointer { bytes.baseAddress! }

        init(_ count: Int) {
            bytes = .allocate(byteCount: Swift.max(count, 1), alignment: 64)
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }

        deinit { bytes.deallocate() }
    }

    /// Make a tensor of zeros.
    public init(zeros dtype: DType, dims: [Int]) {
        self.dtype = dtype
        self.dims = dims
        memory = Memory(dims.reduce(dtype.size, *))
    }

    /// Make a tensor of `values` in C order.
    ///
    /// - Throws: `InputError` where their number is not that of `dims`.
    public init<Value: Element>(_ values: [Value], dims: [Int]) throws {
        try requireInput(dims.allSatisfy { $0 >= 0 } && dims.reduce(1, *) == values.count, "\(values.count) values for \(dims)")
        self.init(zeros: Value.dtype, dims: dims)
        values.withUnsafeBytes { memory.bytes.copyMemory(from: $0) }
    }

    /// Make a tensor of bytes as they lie in memory, little-endian.
    ///
    /// - Throws: `InputError` where their number is not that of `dims`.
    public init(bytes: Data, dtype: DType, dims: [Int]) throws {
        try requireInput(dims.reduce(dtype.size, *) == bytes.count, "\(bytes.count) bytes for \(dtype)\(dims)")
        self.init(zeros: dtype, dims: dims)
        bytes.withUnsafeBytes { memory.bytes.copyMemory(from: $0) }
    }

    public var count: Int { dims.reduce(1, *) }

    /// Return the values in C order, of the type that the dtype is.
    ///
    /// - Throws: `InputError` where the dtype is another.
    public func values<Value: Element>(_ type: Value.Type = Value.self) throws -> [Value] {
        try requireInput(Value.dtype == dtype, "\(Value.dtype) values asked for, the tensor holds \(dtype)")
        return elements()
    }

    func elements<Value>() -> [Value] { Array(UnsafeRawBufferPointer(rebasing: memory.bytes[..<(count * dtype.size)]).bindMemory(to: Value.self)) }

    /// The values in float64, for comparisons; integers beyond 2^53 are rounded.
    var doubles: [Double] {
        func cast<Value: BinaryInteger>(_: Value.Type) -> [Double] { (elements() as [Value]).map(Double.init) }
        switch dtype {
        case .bool, .uint8: return cast(UInt8.self)
        case .int8: return cast(Int8.self)
        case .int16: return cast(Int16.self)
        case .uint16: return cast(UInt16.self)
        case .int32: return cast(Int32.self)
        case .uint32: return cast(UInt32.self)
        case .int64: return cast(Int64.self)
        case .uint64: return cast(UInt64.self)
        case .float16: return (elements() as [UInt16]).map(double)
        case .float32: return (elements() as [Float]).map(Double.init)
        case .float64: return elements()
        }
    }

    var hasNaN: Bool { dtype.isFloat && doubles.contains { $0.isNaN } }

    /// Return the same of other dims: cut at the end of each axis, or filled up there with `filling`.
    func resized(_ wanted: [Int], filling: Tensor? = nil) -> Tensor {
        let result = Tensor(zeros: dtype, dims: wanted)
        if let filling {
            for i in 0..<result.count {
                (result.memory.start + i * dtype.size).copyMemory(from: filling.memory.start, byteCount: dtype.size)
            }
        }
        copy(axis: 0, from: 0, to: 0, into: result)
        return result
    }

    /// Return rows, along the first axis, by their places.
    func rows(_ places: [Int]) -> Tensor {
        let result = Tensor(zeros: dtype, dims: [places.count] + dims.dropFirst())
        let size = dims.dropFirst().reduce(dtype.size, *)
        for (i, place) in places.enumerated() where size > 0 {
            (result.memory.start + i * size).copyMemory(from: memory.start + place * size, byteCount: size)
        }
        return result
    }

    /// Return tensors one behind the other along the first axis.
    static func joined(_ parts: [Tensor]) -> Tensor {
        let result = Tensor(zeros: parts[0].dtype, dims: [parts.reduce(0) { $0 + $1.dims[0] }] + parts[0].dims.dropFirst())
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

/// Return what the bits of a float16 are.
private func double(_ bits: UInt16) -> Double {
    let sign = bits >> 15 == 0 ? 1.0 : -1.0
    let exponent = Int(bits >> 10 & 31), fraction = Double(bits & 1023)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1 + fraction / 1024) * pow(2, Double(exponent - 15))
    }
}

extension Tensor {
    /// Return integers in a dtype of integers.
    static func integers(_ values: [Int], _ dtype: DType, dims: [Int]) throws -> Tensor {
        func cast<Value: FixedWidthInteger & Element>(_: Value.Type) throws -> Tensor {
            try Tensor(values.map { value in
                guard let cast = Value(exactly: value) else { throw InputError(description: "\(value) found, which \(dtype) cannot hold") }
                return cast
            }, dims: dims)
        }
        switch dtype {
        case .int8: return try cast(Int8.self)
        case .uint8: return try cast(UInt8.self)
        case .int16: return try cast(Int16.self)
        case .uint16: return try cast(UInt16.self)
        case .int32: return try cast(Int32.self)
        case .uint32: return try cast(UInt32.self)
        case .int64: return try cast(Int64.self)
        case .uint64: return try cast(UInt64.self)
        default: throw InputError(description: "integers found, \(dtype) expected")
        }
    }

    /// Return a 1 of any dtype.
    static func one(_ dtype: DType) -> Tensor {
        let result = Tensor(zeros: dtype, dims: [])
        switch dtype {
        case .float16: result.memory.bytes.storeBytes(of: 0x3C00, as: UInt16.self)
        case .float32: result.memory.bytes.storeBytes(of: 1, as: Float.self)
        case .float64: result.memory.bytes.storeBytes(of: 1, as: Double.self)
        default: result.memory.bytes[0] = 1  // little-endian
        }
        return result
    }
}
