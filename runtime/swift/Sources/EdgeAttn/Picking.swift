import Foundation

extension Manifest {
    /// Return the variants that this device can run, in the bundle's order, of one target where it is named.
    func runnable(target: String?) throws -> [Variant] {
        let candidates = variants.filter { target == nil || $0.target == target }
        let targets = variants.map(\.target).joined(separator: ", ")
        try requireInput(!candidates.isEmpty, "\(name): no target \(target ?? ""); it has \(targets)")
        let engine = try Engine.here()
        let lacking = candidates.map { lack(of: $0, engine) }
        let found = zip(candidates, lacking).filter { $1 == nil }.map(\.0)
        if found.isEmpty {
            let needs = zip(candidates, lacking).map { "\($0.target) \($1!)" }.joined(separator: "; ")
            throw IncompatibleRuntimeError(
                description: "\(name): no variant runs here: \(needs); export for this device")
        }
        return found
    }

    /// Say what keeps a variant from running here.
    private func lack(of variant: Variant, _ engine: Engine) -> String? {
        let needs = variant.engine
        if needs.name != "onnxruntime" { return "needs \(needs.name), and this runtime drives onnxruntime" }
        if release(engine.version).lexicographicallyPrecedes(release(needs.version)) {
            return "needs onnxruntime \(needs.version) or newer, and \(engine.version) is installed"
        }
        let missing = needs.providers.filter { !engine.providers.contains($0) }
        if !missing.isEmpty {
            return "needs \(missing), and onnxruntime \(engine.version) here has \(engine.providers)"
        }
        if generation != nil && !variant.sizes.isEmpty {
            return "fixes \(variant.sizes), and this runtime generates in dynamic sizes alone"
        }
        return nil
    }
}

/// Return "1.23.0" as [1, 23]: trailing zeros say nothing.
private func release(_ version: String) -> [Int] {
    var numbers = version.prefix { $0.isNumber || $0 == "." }.split(separator: ".").map { Int($0) ?? .max }
    while numbers.last == 0 { numbers.removeLast() }
    return numbers
}
