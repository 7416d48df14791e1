// A bundle from the command line, on Linux or a Mac.

import EdgeAttn
import Foundation

let usage = """
    describe NAME.edge
    check NAME.edge                    replays the golden vectors; exit code 1 where one fails
    bench NAME.edge [THREADS...]       JSON that `edgeattn report NAME.edge --add` reads
    generate NAME.edge 5,2,9 [STEPS]   token ids, one a line, as they come
    write NAME.edge TEXT               the text that follows, as it comes

    describe, check and bench take --no-kernels: stock operators run where kernels are built in.
    """

func run(_ words: [String]) async throws -> Int32 {
    let kernels = !words.contains("--no-kernels")
    guard words.count >= 2 else {
        print(usage)
        return 2
    }
    let bundle = URL(fileURLWithPath: words[1])
    switch words[0] {
    case "describe":
        print(try await Model.load(bundle: bundle, kernels: kernels))
    case "check":
        let results = try await Model.load(bundle: bundle, kernels: kernels).check()
        for result in results {
            let error = result.error.map { "\($0)" } ?? "none"
            print("sample \(result.sample) \(result.output): error \(error) \(result.ok ? "ok" : "FAILED")")
        }
        return results.allSatisfy(\.ok) ? 0 : 1
    case "bench":
        let threads = words.dropFirst(2).compactMap { Int($0) }
        let json = try Model.bench(bundle, threads: threads, kernels: kernels)
        print(String(decoding: json, as: UTF8.self))
    case "generate" where words.count >= 3:
        var options = GenerationOptions()
        options.maxNewTokens = words.dropFirst(3).first.flatMap { Int($0) }
        let prompt = words[2].split(separator: ",").compactMap { Int($0) }
        for try await token in try await Model.load(bundle: bundle).generate(.tokens(prompt), options) { print(token) }
    case "write" where words.count >= 3:
        for try await piece in try await Model.load(bundle: bundle).generateText(.text(words[2])) {
            print(piece, terminator: "")
        }
        print()
    default:
        print(usage)
        return 2
    }
    return 0
}

do {
    exit(try await run(Array(CommandLine.arguments.dropFirst())))
} catch let error as any EdgeAttnError {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(2)
}
