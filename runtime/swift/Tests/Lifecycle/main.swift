// Cancels, times out, closes and breaks off calls, and prints how each ended.
//
//     Lifecycle ENDLESS.edge DECODER.edge LONG.edge

import EdgeAttn
import Foundation

func end(of what: String, _ body: () async throws -> String) async {
    do { print("\(what): \(try await body())") } catch { print("\(what): \(type(of: error))") }
}

/// Processor time of this process in seconds.
func processorTime() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

func pause(_ seconds: Double) async throws { try await Task.sleep(nanoseconds: UInt64(seconds * 1e9)) }

let (endless, decoder, long) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])
let model = try await Model.load(bundle: URL(fileURLWithPath: endless))
let input = ["x": try Tensor([1] as [Float], dims: [1])]

await end(of: "cancelled") {
    let task = Task { @MainActor in try await model.run(input) }
    try await pause(0.3)  // which ends as the main actor is not blocked
    task.cancel()
    return "\(try await task.value.count) outputs"
}
await end(of: "running on") {
    try await pause(1)
    let before = processorTime()
    try await pause(1)
    return "\(processorTime() - before > 0.5)"
}
await end(of: "cancelled before") {
    let task = Task {
        try? await pause(60)
        return try await model.run(input)
    }
    task.cancel()
    return "\(try await task.value.count) outputs"
}
await end(of: "late") { "\(try await model.run(input, deadline: .milliseconds(300)).count) outputs" }
await end(of: "late without await") {
    func run() throws -> [String: Tensor] { try model.run(input, deadline: .milliseconds(300)) }
    return "\(try run().count) outputs"
}
await end(of: "closed") {
    model.close()
    model.close()
    return "\(try await model.run(input).count) outputs"
}
await end(of: "broken off") {
    var tokens: [Int] = []
    for try await token in try await Model.load(bundle: URL(fileURLWithPath: decoder)).generate(.tokens([4, 7, 1])) {
        tokens.append(token)
        if tokens.count == 2 { break }
    }
    return "\(tokens)"
}
await end(of: "pieces cancelled") {
    let pieces = try await Model.load(bundle: URL(fileURLWithPath: decoder)).generate(.tokens([4, 7, 1]))
    let task = Task {
        var tokens: [Int] = []
        for try await token in pieces {
            tokens.append(token)
            withUnsafeCurrentTask { $0?.cancel() }
        }
        return "\(tokens) as if complete"
    }
    return try await task.value
}
await end(of: "read too late") {  // of what was made before the end only as much has come as a stream holds
    var options = GenerationOptions()
    options.deadline = .seconds(1)
    var count = 0
    for try await _ in try await Model.load(bundle: URL(fileURLWithPath: long)).generate(.tokens([1]), options) {
        if count == 0 { try await pause(1.5) }
        count += 1
    }
    return "\(count) tokens"
}
await end(of: "refused") {
    for try await token in try await Model.load(bundle: URL(fileURLWithPath: decoder)).generate(.tokens([])) {
        return "\(token)"
    }
    return "nothing"
}
await end(of: "installed") {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let place = folder.appendingPathComponent("x.edge")
    let results = try await Model.install(URL(fileURLWithPath: decoder), over: place)
    let again = try await Model.load(bundle: place).check()
    return "\(!results.isEmpty && results == again)"
}
await end(of: "installed over a file") {
    let file = URL(fileURLWithPath: decoder).appendingPathComponent("manifest.json")
    return "\(try await Model.install(URL(fileURLWithPath: decoder), over: file).count) results"
}
