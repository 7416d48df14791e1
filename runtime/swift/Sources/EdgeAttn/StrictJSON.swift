import Foundation

/// A JSON value of any kind.
public indirect enum JSON: Codable, Sendable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([JSON])
    case table([String: JSON])

    public init(from decoder: Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSON].self) {
            self = .list(list)
        } else if let table = try? value.decode([String: JSON].self) {
            self = .table(table)
        } else {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "a text in it is no Unicode")
        }
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let flag): try container.encode(flag)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .table(let table): try container.encode(table)
        }
    }
}

/// A key that must be there, with a value that may be null.
@propertyWrapper
public struct Nullable<Value: Codable & Sendable>: Codable, Sendable {
    public var wrappedValue: Value?

    public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    public init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

/// Decode JSON as the specification has it, which is stricter than Foundation: no byte order mark, no comma before an end,
/// no key twice, none that `Type` does not have, and texts that are printable, but within the keys of `free`.
func decodeStrictly<Value: Codable>(_ type: Value.Type, _ data: Data, free: Set<String> = []) throws -> Value {
    guard String(data: data, encoding: .utf8) != nil, data.first != 0xEF else {
        throw BundleError(description: "not UTF-8, or with a byte order mark; copy the bundle again")
    }
    do {
        let tree = try JSONDecoder().decode(JSON.self, from: data)
        try checkText([UInt8](data))
        let decoder = JSONDecoder()
        let encoder = JSONEncoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let value = try decoder.decode(type, from: data)
        try checkKnown(tree, JSONDecoder().decode(JSON.self, from: encoder.encode(value)), [], free)
        return value
    } catch let error as DecodingError {
        throw BundleError(description: explain(error))
    }
}

/// Check valid JSON for what Foundation lets through.
private func checkText(_ bytes: [UInt8]) throws {
    var open: [Set<String>] = []  // the keys of each object or array that is open here
    var last = ""  // the text that ended last: before a colon it is a key
    var before = UInt8(ascii: " ")
    var at = 0
    while at < bytes.count {
        switch Unicode.Scalar(bytes[at]) {
        case "{", "[": open.append([])
        case "}", "]":
            try require(before != UInt8(ascii: ","), "not valid JSON (a comma before an end); copy the bundle again")
            open.removeLast()
        case ":":
            let isNew = open[open.count - 1].insert(last).inserted
            try require(isNew, "not valid JSON (key \"\(last)\" stands twice in an object); copy the bundle again")
        case "\"":
            let start = at
            at += 1
            while bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
            let isPlain = !bytes[start..<at].contains(UInt8(ascii: "\\"))
            last = isPlain ? String(decoding: bytes[(start + 1)..<at], as: UTF8.self) : try unescaped(bytes[start...at])
        default: break
        }
        if bytes[at] > 0x20 { before = bytes[at] }
        at += 1
    }
}

private func unescaped(_ text: ArraySlice<UInt8>) throws -> String {
    try JSONDecoder().decode(String.self, from: Data(text))
}

/// Check that `tree` has no key that `known` lacks.
private func checkKnown(_ tree: JSON, _ known: JSON, _ path: [String], _ free: Set<String>) throws {
    let key = path.joined(separator: ".")
    switch (tree, known) {
    case (.table(let found), .table(let expected)):
        for (name, value) in found where !(path.isEmpty && free.contains(name)) {
            try require(isPrintable(name), "\(key): an object with printable keys expected")
            guard let other = expected[name] else {
                let names = expected.keys.sorted().joined(separator: ", ")
                throw BundleError(
                    description: "\((path + [name]).joined(separator: ".")): unknown key; expected \(names)")
            }
            try checkKnown(value, other, path + [name], free)
        }
    case (.list(let found), .list(let expected)):
        for (i, pair) in zip(found, expected).enumerated() { try checkKnown(pair.0, pair.1, path + ["\(i)"], free) }
    case (.text(let text), _): try require(isPrintable(text), "\(key): a printable text expected")
    default: break
    }
}

private func isPrintable(_ text: String) -> Bool {
    !text.isEmpty
        && text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
            case .spaceSeparator: scalar == " "
            default: true
            }
        }
}

private func explain(_ error: DecodingError) -> String {
    func key(_ context: DecodingError.Context, _ more: [CodingKey] = []) -> String {
        (context.codingPath + more).map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let missing, let context): return "\(key(context, [missing])): missing"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
        return "\(key(context)): another kind of value found, \(type) expected"
    case .dataCorrupted(let context):
        return "\(key(context)): not valid JSON (\(context.debugDescription)); copy the bundle again"
    @unknown default: return "not valid JSON; copy the bundle again"
    }
}
