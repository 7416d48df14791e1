// Tells how a story goes on, as it is made up; Ctrl-C ends it.
//
//     swift run Story story.edge "Emma was"
//     swift run Story story.edge "Emma was" 7     the same number tells the same story, in every language

import EdgeAttn
import Foundation

func show(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

func tell(_ words: [String]) async throws -> Int32 {
    guard (2...3).contains(words.count) else {
        print("Story NAME.edge BEGINNING [SEED]")
        return 2
    }
    let model = try await Model.load(bundle: URL(fileURLWithPath: words[0]))
    var options = GenerationOptions()
    options.temperature = 0.8
    options.topP = 0.9
    options.seed = words.dropFirst(2).first.flatMap { UInt32($0) }
    let pieces = model.generateText(.text(words[1]), options)

    let telling = Task {
        show(words[1])
        for try await piece in pieces { show(piece) }
        show("\n")
    }
    signal(SIGINT, SIG_IGN)
    let interrupt = DispatchSource.makeSignalSource(signal: SIGINT)
    interrupt.setEventHandler { telling.cancel() }
    interrupt.resume()
    do { try await telling.value } catch is CancellationError { return 130 }
    return 0
}

do {
    exit(try await tell(Array(CommandLine.arguments.dropFirst())))
} catch let error as any EdgeAttnError {
    FileHandle.standardError.write(Data("Story: \(error)\n".utf8))
    exit(2)
}
