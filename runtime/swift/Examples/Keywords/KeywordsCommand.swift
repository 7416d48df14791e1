#if !canImport(SwiftUI)
    import EdgeAttn
    import Foundation

    /// Where there is no screen: prints the words that it hears in a WAV file.
    ///
    ///     swift run Keywords keywords.edge speech.wav
    @main
    enum KeywordsCommand {
        static func main() async {
            do {
                try await hear(CommandLine.arguments)
            } catch {
                FileHandle.standardError.write(Data("Keywords: \(error)\n".utf8))
                exit(2)
            }
        }

        private static func hear(_ words: [String]) async throws {
            guard words.count == 3 else { return print("Keywords NAME.edge SOUND.wav") }
            let spotter = try await WordSpotter.load(bundle: URL(fileURLWithPath: words[1]))
            let sound = try SoundInput(file: .at(URL(fileURLWithPath: words[2])))
            guard sound.rate == spotter.rate, sound.channels.count == 1 else {
                throw UnsuitableSound(
                    description: "\(sound.channels.count) channel(s) of \(sound.rate) Hz found, "
                        + "1 of \(spotter.rate) expected")
            }
            let whole = AsyncStream { continuation in
                continuation.yield(sound.channels[0])
                continuation.finish()
            }
            for try await word in spotter.words(in: whole) {
                print(String(format: "%.1f s  %@", word.second, word.name))
            }
        }
    }

    private struct UnsuitableSound: Error, CustomStringConvertible { let description: String }
#endif
