import COnnxRuntime
import Foundation

/// One graph opened in onnxruntime; it takes tensors that keep its contract.
final class GraphSession: @unchecked Sendable {
    private let engine: Engine
    private let graph: Graph
    private let label: String
    private let session: OpaquePointer

    init(_ path: String, _ graph: Graph, _ needs: Variant.Engine, _ settings: Variant.Session) throws {
        engine = try Engine.here()
        (self.graph, label) = (graph, path)
        let api = engine.api
        var options: OpaquePointer?
        var made: OpaquePointer?
        do {
            try engine.check(api.CreateSessionOptions(&options))
            defer { api.ReleaseSessionOptions(options) }
            try GraphSession.set(options!, engine, needs, settings)
            try engine.check(api.CreateSession(engine.environment, path, options, &made))
        } catch let failure as Engine.Failure {
            throw engine.explain(path, failure.reason)
        }
        session = made!
        try checkContract(
            "inputs", graph.inputs, api.SessionGetInputCount, api.SessionGetInputName, api.SessionGetInputTypeInfo)
        try checkContract(
            "outputs", graph.outputs, api.SessionGetOutputCount, api.SessionGetOutputName, api.SessionGetOutputTypeInfo)
    }

    deinit { engine.api.ReleaseSession(session) }

    private static func set(
        _ options: OpaquePointer, _ engine: Engine, _ needs: Variant.Engine, _ settings: Variant.Session
    ) throws {
        let api = engine.api
        try engine.check(api.SetIntraOpNumThreads(options, Int32(clamping: settings.threads)))
        try engine.check(api.SetInterOpNumThreads(options, 1))
        try engine.check(settings.arena ? api.EnableCpuMemArena(options) : api.DisableCpuMemArena(options))
        try engine.check(settings.memoryPattern ? api.EnableMemPattern(options) : api.DisableMemPattern(options))
        try engine.check(
            api.AddSessionConfigEntry(options, "session.intra_op.allow_spinning", settings.spinning ? "1" : "0"))
        let texts = needs.options.compactMapValues(text(of:))
        for (name, value) in texts where !needs.providers.contains(String(name.prefix { $0 != "." })) {
            try engine.check(api.AddSessionConfigEntry(options, name, value))
        }
        for provider in needs.providers where provider != "CPUExecutionProvider" {
            var own = texts.filter { $0.key.hasPrefix("\(provider).") }.map {
                (String($0.key.dropFirst(provider.count + 1)), $0.value)
            }
            if provider == "XnnpackExecutionProvider" { own.append(("intra_op_num_threads", "\(settings.threads)")) }
            let name = provider.replacingOccurrences(of: "ExecutionProvider", with: "")
            try withTexts(own.map(\.0)) { keys in
                try withTexts(own.map(\.1)) { values in
                    let short = name == "Xnnpack" ? "XNNPACK" : name
                    try engine.check(api.SessionOptionsAppendExecutionProvider(options, short, keys, values, own.count))
                }
            }
        }
    }

    /// Run the graph.
    ///
    /// - Parameters:
    ///   - inputs: One tensor an input, by name.
    ///   - places: Outputs that are written into memory of the caller's, of the dims that they will have.
    /// - Returns: One tensor an output, by name.
    func run(_ inputs: [String: Tensor], into places: [String: Tensor] = [:]) throws -> [String: Tensor] {
        let api = engine.api
        let names = places.isEmpty ? graph.outputs.map(\.name) : places.keys.sorted()
        var given: [OpaquePointer?] = []
        var answers: [OpaquePointer?] = []
        defer { for value in given + answers { api.ReleaseValue(value) } }
        do {
            for input in graph.inputs { given.append(try value(inputs[input.name]!)) }
            for name in names { answers.append(try places[name].flatMap(value)) }
            try withTexts(graph.inputs.map(\.name)) { inputNames in
                try withTexts(names) { outputNames in
                    try engine.check(
                        api.Run(session, nil, inputNames, given, given.count, outputNames, names.count, &answers))
                }
            }
            if !places.isEmpty { return places }
            return Dictionary(
                uniqueKeysWithValues: try zip(graph.outputs, answers).map { ($0.name, try tensor($1!, $0.dtype)) })
        } catch let failure as Engine.Failure {
            throw explain(failure.reason, inputs)
        }
    }

    private func value(_ tensor: Tensor) throws -> OpaquePointer? {
        var value: OpaquePointer?
        let memory = tensor.memory.start
        let dims = tensor.dims.map(Int64.init)
        let size = tensor.count * tensor.dtype.size
        try engine.check(
            engine.api.CreateTensorWithDataAsOrtValue(
                engine.memory, memory, size, dims, dims.count,
                ONNXTensorElementDataType(tensor.dtype.known.onnx), &value))
        return value
    }

    private func tensor(_ value: OpaquePointer, _ dtype: DType) throws -> Tensor {
        let api = engine.api
        var info: OpaquePointer?
        var count = 0
        var data: UnsafeMutableRawPointer?
        try engine.check(api.GetTensorTypeAndShape(value, &info))
        defer { api.ReleaseTensorTypeAndShapeInfo(info) }
        try engine.check(api.GetDimensionsCount(info, &count))
        var dims = [Int64](repeating: 0, count: count)
        try engine.check(api.GetDimensions(info, &dims, count))
        let result = try Tensor(zeros: dtype, dims: dims.map(Int.init))
        try engine.check(api.GetTensorMutableData(value, &data))
        if result.count > 0 { result.memory.start.copyMemory(from: data!, byteCount: result.count * dtype.size) }
        return result
    }

    private func explain(_ reason: String, _ inputs: [String: Tensor]) -> any EdgeAttnError {
        if let match = reason.firstMatch(of: #/idx=(-?\d+) must be within the inclusive range \[-?\d+,(\d+)\]/#) {
            let rows = Int(match.2)! + 1
            return InputError(
                description:
                    "\(label): index \(match.1) out of range for a lookup table of \(rows) rows; give 0 to \(match.2)")
        }
        if ["Failed to allocate memory", "bad allocation", "bad_alloc"].contains(where: reason.contains) {
            let dims = inputs.map { "\($0.key) \($0.value.dims)" }.sorted().joined(separator: ", ")
            return InputError(description: "\(label): \(dims) need more memory than there is; give shorter inputs")
        }
        return BundleError(description: "\(label): fails on inputs that its contract allows (\(reason)); export again")
    }

    private typealias Names = (
        OpaquePointer?, Int, UnsafeMutablePointer<OrtAllocator>?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> OrtStatusPtr?

    /// Check that the graph's own inputs or outputs are the contract's, in name and type.
    private func checkContract(
        _ kind: String, _ specs: [TensorSpec], _ number: (OpaquePointer?, UnsafeMutablePointer<Int>?) -> OrtStatusPtr?,
        _ name: Names, _ type: (OpaquePointer?, Int, UnsafeMutablePointer<OpaquePointer?>?) -> OrtStatusPtr?
    ) throws {
        let api = engine.api
        var count = 0
        var allocator: UnsafeMutablePointer<OrtAllocator>?
        try engine.check(number(session, &count))
        try engine.check(api.GetAllocatorWithDefaultOptions(&allocator))
        var found: Set<String> = []
        for i in 0..<count {
            var text: UnsafeMutablePointer<CChar>?
            var info: OpaquePointer?
            var tensor: OpaquePointer?
            var element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED
            try engine.check(name(session, i, allocator, &text))
            try engine.check(type(session, i, &info))
            defer { api.ReleaseTypeInfo(info) }
            try engine.check(api.CastTypeInfoToTensorInfo(info, &tensor))
            if tensor != nil { try engine.check(api.GetTensorElementType(tensor, &element)) }
            let dtype = DType.allCases.first { $0.known.onnx == element.rawValue }?.rawValue ?? "no tensor"
            found.insert("\(String(cString: text!)): \(dtype)")
            _ = api.AllocatorFree(allocator, text)
        }
        let expected = Set(specs.map { "\($0.name): \($0.dtype)" })
        try require(
            found == expected,
            "\(label): \(kind) \(found.sorted()) found, \(expected.sorted()) expected by the manifest; export again")
    }
}

/// Call with C strings.
private func withTexts<Value>(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) throws -> Value) throws -> Value {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return try body(copies.map { UnsafePointer($0) })
}
