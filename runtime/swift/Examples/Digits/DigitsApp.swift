#if canImport(SwiftUI)
    import EdgeAttn
    import SwiftUI

    /// One screen. In an app `digits.edge` lies beside the binary, as a folder reference in Xcode copies it; on a Mac,
    /// `swift run Digits digits.edge` names it.
    @main
    struct DigitsApp: App {
        private let bundle =
            CommandLine.arguments.dropFirst().first.map { URL(fileURLWithPath: $0) }
            ?? Bundle.main.bundleURL.appendingPathComponent("digits.edge")

        var body: some Scene {
            WindowGroup { DigitsView(bundle: bundle) }
        }
    }
#endif
