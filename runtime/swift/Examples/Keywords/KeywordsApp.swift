#if canImport(SwiftUI)
    import EdgeAttn
    import SwiftUI

    /// One screen. In an app `keywords.edge` lies beside the binary, as a folder reference in Xcode copies it; on a Mac,
    /// `swift run Keywords keywords.edge` names it.
    @main
    struct KeywordsApp: App {
        private let bundle =
            CommandLine.arguments.dropFirst().first.map { URL(fileURLWithPath: $0) }
            ?? Bundle.main.bundleURL.appendingPathComponent("keywords.edge")

        var body: some Scene {
            WindowGroup { KeywordsView(bundle: bundle) }
        }
    }
#endif
