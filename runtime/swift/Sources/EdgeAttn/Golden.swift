import Foundation

/// How near one output of one golden sample came; `maxAbs` is nil where no number says it.
public struct GoldenResult: Codable, Sendable {
    public let sample: Int
    public let output: String
    public let cosine: Double
    @Nullable public private(set) var maxAbs: Double?
    public let ok: Bool
}

struct Sample: Sendable {
    let inputs, outputs: [String: Tensor]
}

extension Model {
    /// Replay the golden vectors, PyTorch's answers for real inputs, each at the tolerance of the variant that answers.
    ///
    /// - Throws: `BundleError` where they are not what the manifest says.
    public func check() throws -> [GoldenResult] {
        let main = graphs[manifest.mainGraph]!
        return try samples().enumerated().flatMap { index, sample in
            let answers = try run(sample.inputs)
            let variant = main.variants[try main.fitting(main.graph.sizes(in: sample.inputs))]
            return main.graph.outputs.map { spec in
                let found = answers[spec.name]!, expected = sample.outputs[spec.name]!
                let (cosine, difference) = compare(found, expected)
                let ok = cosine >= variant.tolerance.cosine
                return GoldenResult(sample: index, output: spec.name, cosine: cosine, maxAbs: difference, ok: ok)
            }
        }
    }

    func samples() throws -> [Sample] {
        let path = files.path(manifest.golden.file)
        var tensors = try readSafetensors(path)
        func take(_ index: Int, _ kind: String, _ specs: [TensorSpec]) throws -> [String: Tensor] {
            try specs.reduce(into: [:]) { found, spec in
                let key = "\(index).\(kind).\(spec.name)"
                guard let tensor = tensors.removeValue(forKey: key) else {
                    throw BundleError(description: "\(path): tensor \(key) missing; export the model again")
                }
                found[spec.name] = tensor
            }
        }
        let samples = try (0..<manifest.golden.samples).map {
            Sample(inputs: try take($0, "input", manifest.main.inputs), outputs: try take($0, "output", manifest.main.outputs))
        }
        let extra = tensors.keys.min() ?? ""
        try require(tensors.isEmpty, "\(path): tensor \(extra) found, which no sample has; export the model again")
        return samples
    }
}

/// Return the cosine of two tensors and their largest difference: nil where shapes differ, or a NaN or infinity is not shared.
public func compare(_ a: Tensor, _ b: Tensor) -> (cosine: Double, maxAbs: Double?) {
    guard a.dims == b.dims else { return (0, nil) }
    let pairs = zip(a.doubles, b.doubles)
    let shared = pairs.allSatisfy { ($0.isFinite && $1.isFinite) || $0 == $1 || ($0.isNaN && $1.isNaN) }
    let finite = pairs.filter { $0.0.isFinite && $0.1.isFinite }
    guard shared else { return (0, nil) }
    let difference = finite.reduce(0) { max($0, abs($1.0 - $1.1)) }
    // Divided first: the squares of very large or small values leave float64's range.
    let scales = finite.reduce((0.0, 0.0)) { (max($0.0, abs($1.0)), max($0.1, abs($1.1))) }
    let known = difference.isFinite ? difference : nil
    if scales.0 == 0 || scales.1 == 0 { return (scales.0 == scales.1 ? 1 : 0, known) }
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for pair in finite {
        let x = pair.0 / scales.0, y = pair.1 / scales.1
        (xy, xx, yy) = (xy + x * y, xx + x * x, yy + y * y)
    }
    return (min(max(xy / (xx.squareRoot() * yy.squareRoot()), -1), 1), known)
}

private let safetensorsNames: [String: DType] = [
    "BOOL": .bool, "I8": .int8, "U8": .uint8, "I16": .int16, "U16": .uint16, "I32": .int32, "U32": .uint32,
    "I64": .int64, "U64": .uint64, "F16": .float16, "F32": .float32, "F64": .float64,
]

/// Read a file of https://github.com/huggingface/safetensors.
func readSafetensors(_ path: String) throws -> [String: Tensor] {
    struct Header: Decodable {
        let dtype: String?
        let shape, data_offsets: [Int]?
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    func broken(_ why: String) -> BundleError {
        BundleError(description: "\(path): not a safetensors file (\(why)); export the model again")
    }
    guard data.count >= 8 else { throw broken("\(data.count) bytes") }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8) else { throw broken("a header beyond its end") }
    let body = 8 + Int(length)
    guard let headers = try? JSONDecoder().decode([String: Header].self, from: data[8..<body]) else {
        throw broken("its header is no table of tensors")
    }
    var end = 0
    var tensors: [String: Tensor] = [:]
    let entries = headers.filter { $0.key != "__metadata__" }
    for (name, header) in entries.sorted(by: { $0.value.data_offsets?.first ?? 0 < $1.value.data_offsets?.first ?? 0 }) {
        guard let dtype = header.dtype.flatMap({ safetensorsNames[$0] }), let dims = header.shape, dims.allSatisfy({ $0 >= 0 }),
            let offsets = header.data_offsets, offsets.count == 2, offsets[0] == end, offsets[1] >= end,
            offsets[1] <= data.count - body, elements(dims).map({ $0.multipliedReportingOverflow(by: dtype.size) }).map({ !$0.overflow && $0.partialValue == offsets[1] - end }) == true
        else { throw broken("tensor \(name)") }
        tensors[name] = try Tensor(bytes: data[(body + end)..<(body + offsets[1])], dtype: dtype, dims: dims)
        end = offsets[1]
    }
    guard body + end == data.count else { throw broken("bytes of no tensor") }
    return tensors
}

/// Return the product of dims, or nil where it leaves the integers.
private func elements(_ dims: [Int]) -> Int? {
    dims.reduce(1) { count, dim in
        count.flatMap { (old: Int) -> Int? in
            let (product, overflow) = old.multipliedReportingOverflow(by: dim)
            return overflow ? nil : product
        }
    }
}
