/// An element type, by numpy's name.
public enum DType: String, Codable, Sendable, CaseIterable {
    case bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64

    /// Its type in Swift, its name in safetensors, and its number in ONNX.
    var known: (type: any Element.Type, safetensors: String, onnx: UInt32) {
        switch self {
        case .bool: (Bool.self, "BOOL", 9)
        case .int8: (Int8.self, "I8", 3)
        case .uint8: (UInt8.self, "U8", 2)
        case .int16: (Int16.self, "I16", 5)
        case .uint16: (UInt16.self, "U16", 4)
        case .int32: (Int32.self, "I32", 6)
        case .uint32: (UInt32.self, "U32", 12)
        case .int64: (Int64.self, "I64", 7)
        case .uint64: (UInt64.self, "U64", 13)
        case .float16: (Half.self, "F16", 10)
        case .float32: (Float.self, "F32", 1)
        case .float64: (Double.self, "F64", 11)
        }
    }

    var isFloat: Bool { self == .float16 || self == .float32 || self == .float64 }
    var isInteger: Bool { !isFloat && self != .bool }

    /// Bytes of one element.
    var size: Int {
        func size<Value: Element>(_: Value.Type) -> Int { MemoryLayout<Value>.size }
        return size(known.type)
    }
}

/// A Swift type that a tensor holds.
public protocol Element: Sendable {
    static var dtype: DType { get }
    init?(exactly value: Int)
    var double: Double { get }
}

extension Element {
    public static var dtype: DType { DType.allCases.first { $0.known.type == Self.self }! }
}
extension Element where Self: BinaryInteger {
    public var double: Double { Double(self) }
}
extension Element where Self: BinaryFloatingPoint {
    public var double: Double { Double(self) }
}

extension Int8: Element {}
extension UInt8: Element {}
extension Int16: Element {}
extension UInt16: Element {}
extension Int32: Element {}
extension UInt32: Element {}
extension Int64: Element {}
extension UInt64: Element {}
extension Float: Element {}
extension Double: Element {}

extension Bool: Element {
    public init?(exactly value: Int) { self = value != 0 }
    public var double: Double { self ? 1 : 0 }
}

/// A float16 by its bits, since Swift has no such type on every Mac.
public struct Half: Element {
    public let bits: UInt16

    public init(bits: UInt16) { self.bits = bits }

    /// Holds 0 and 1 alone.
    public init?(exactly value: Int) {
        guard value == 0 || value == 1 else { return nil }
        bits = value == 0 ? 0 : 0x3C00
    }

    public var double: Double {
        let sign = bits >> 15 == 0 ? 1.0 : -1.0
        let exponent = bits >> 10 & 31
        let fraction = Double(bits & 1023) / 1024
        switch exponent {
        case 0: return sign * fraction * 0x1p-14
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1 + fraction) * Double(sign: .plus, exponent: Int(exponent) - 15, significand: 1)
        }
    }
}
