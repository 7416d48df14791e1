// Takes down what is said in a WAV file, as it is spelled.
//
//     swift run Dictation dictation.edge speech.wav

import EdgeAttn
import Foundation

func show(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

func takeDown(_ words: [String]) async throws -> Int32 {
    guard words.count == 2 else {
        print("Dictation NAME.edge SOUND.wav")
        return 2
    }
    let model = try await Model.load(bundle: URL(fileURLWithPath: words[0]))
    let sound = try model.prepare(soundFiles: [.at(URL(fileURLWithPath: words[1]))])
    for try await piece in model.generateText(.sources(sound)) { show(piece) }
    show("\n")
    return 0
}

do {
    exit(try await takeDown(Array(CommandLine.arguments.dropFirst())))
} catch let error as any EdgeAttnError {
    FileHandle.standardError.write(Data("Dictation: \(error)\n".utf8))
    exit(2)
}
