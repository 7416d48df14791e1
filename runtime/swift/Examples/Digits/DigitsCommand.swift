#if !canImport(SwiftUI)
    import EdgeAttn
    import Foundation

    /// Where there is no screen: reads a drawing, strokes of points in JSON, and prints what the model reads.
    ///
    ///     echo '[[[0.5, 0.1], [0.5, 0.9]]]' | swift run Digits digits.edge
    @main
    enum DigitsCommand {
        static func main() async throws {
            let reader = try await DigitReader.load(bundle: URL(fileURLWithPath: CommandLine.arguments[1]))
            let strokes = try JSONDecoder().decode(
                [[CGPoint]].self, from: FileHandle.standardInput.readDataToEndOfFile())
            for label in try await reader.read(Drawing(strokes: strokes)) { print(label.name, label.value) }
        }
    }
#endif
