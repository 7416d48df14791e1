/// An element type, by numpy's name.
public enum DType: String, Codable, Sendable, CaseIterable {
    case bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16, .float16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64: 8
        }
    }
}

/// A Swift type that a tensor holds.
public protocol Scalar: Sendable {
    static var dtype: DType { get }
}

extension Bool: Scalar { public static var dtype: DType { .bool } }
extension Int8: Scalar { public static var dtype: DType { .int8 } }
extension UInt8: Scalar { public static var dtype: DType { .uint8 } }
extension Int16: Scalar { public static var dtype: DType { .int16 } }
extension UInt16: Scalar { public static var dtype: DType { .uint16 } }
extension Int32: Scalar { public static var dtype: DType { .int32 } }
extension UInt32: Scalar { public static var dtype: DType { .uint32 } }
extension Int64: Scalar { public static var dtype: DType { .int64 } }
extension UInt64: Scalar { public static var dtype: DType { .uint64 } }
extension Float: Scalar { public static var dtype: DType { .float32 } }
extension Double: Scalar { public static var dtype: DType { .float64 } }

/// A float16 by its bits, since Swift has no such type on every Mac.
public struct Half: Scalar, Hashable {
    public static var dtype: DType { .float16 }

    public let bits: UInt16

    public init(bits: UInt16) { self.bits = bits }
}
