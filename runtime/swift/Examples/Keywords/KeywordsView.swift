#if canImport(SwiftUI)
    import EdgeAttn
    import SwiftUI

    /// A button that listens, and the word that was heard last with those before it.
    struct KeywordsView: View {
        let bundle: URL
        @State private var listening: Task<Void, Never>?
        @State private var heard: [Word] = []  // the newest first
        @State private var failure: String?

        var body: some View {
            VStack(spacing: 24) {
                Text("Say a word").font(.title2)
                Text(heard.first?.name ?? "–").font(.system(size: 72, weight: .semibold, design: .rounded))
                    .accessibilityLabel(heard.first.map { "Heard \($0.name)" } ?? "Nothing heard yet")
                Text(heard.dropFirst().prefix(5).map(\.name).joined(separator: ", ")).foregroundStyle(.secondary)
                if let failure { Text(failure).font(.footnote).foregroundStyle(.red) }
                Button(listening == nil ? "Listen" : "Stop") { toggle() }.buttonStyle(.bordered)
            }
            .padding(24)
        }

        private func toggle() {
            if let listening {
                listening.cancel()
                self.listening = nil
            } else {
                (heard, failure) = ([], nil)
                listening = Task { @MainActor in await listen() }
            }
        }

        /// Hears the microphone until the task is cancelled.
        private func listen() async {
            do {
                let spotter = try await WordSpotter.load(bundle: bundle)
                for try await word in spotter.words(in: try Microphone.samples(rate: spotter.rate)) {
                    heard.insert(word, at: 0)
                }
            } catch {
                failure = error.localizedDescription
            }
            listening = nil
        }
    }
#endif
