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
                let found = answers[spec.name]!
                let expected = sample.outputs[spec.name]!
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
            Sample(
                inputs: try take($0, "input", manifest.main.inputs),
                outputs: try take($0, "output", manifest.main.outputs))
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
        let x = pair.0 / scales.0
        let y = pair.1 / scales.1
        (xy, xx, yy) = (xy + x * y, xx + x * x, yy + y * y)
    }
    return (min(max(xy / (xx.squareRoot() * yy.squareRoot()), -1), 1), known)
}
