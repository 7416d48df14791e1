#if canImport(SwiftUI)
    import EdgeAttn
    import SwiftUI

    /// One screen. In an app `digits.edge` lies beside the binary, as a folder reference in Xcode copies it; on a Mac,
    /// `swift run Digits digits.edge` names it.
    @main
    struct DigitsApp: App {
        private let reader = Result {
            let named = CommandLine.arguments.dropFirst().first.map { URL(fileURLWithPath: $0) }
            return try DigitReader(bundle: named ?? Bundle.main.bundleURL.appendingPathComponent("digits.edge"))
        }

        var body: some Scene {
            WindowGroup {
                switch reader {
                case .success(let reader): DigitsView(reader: reader)
                case .failure(let error): Text(error.localizedDescription).padding()
                }
            }
        }
    }
#endif
