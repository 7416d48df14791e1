#if canImport(SwiftUI)
    import EdgeAttn
    import SwiftUI

    /// A square to draw a digit into, and what the model reads.
    struct DigitsView: View {
        let bundle: URL
        @State private var reader: DigitReader?
        @State private var reading: Task<Void, Never>?
        @State private var drawing = Drawing()
        @State private var labels: [ScoredLabel] = []
        @State private var failure: String?

        var body: some View {
            VStack(spacing: 24) {
                Text("Draw a digit").font(.title2)
                canvas
                answer
                Button("Clear") { clear() }.buttonStyle(.bordered).disabled(drawing.isEmpty)
            }
            .padding(24)
            .task { await open() }
        }

        private var canvas: some View {
            GeometryReader { geometry in
                let side = min(geometry.size.width, geometry.size.height)
                Canvas { context, _ in
                    let style = StrokeStyle(lineWidth: Drawing.thickness * side, lineCap: .round, lineJoin: .round)
                    for stroke in drawing.strokes {
                        let path = Path { path in path.addLines(stroke.map { CGPoint(x: $0.x * side, y: $0.y * side) })
                        }
                        context.stroke(path, with: .color(.primary), style: style)
                    }
                }
                .frame(width: side, height: side)
                .background(.quaternary, in: RoundedRectangle(cornerRadius: 20))
                .gesture(pen(side))
                .accessibilityLabel("A square to draw a digit into")
            }
            .aspectRatio(1, contentMode: .fit)
        }

        private func pen(_ side: CGFloat) -> some Gesture {
            DragGesture(minimumDistance: 0)
                .onChanged { touch in
                    let point = CGPoint(x: touch.location.x / side, y: touch.location.y / side)
                    if touch.translation == .zero { drawing.begin(at: point) } else { drawing.move(to: point) }
                }
                .onEnded { _ in read() }
        }

        @ViewBuilder private var answer: some View {
            if let failure {
                Text(failure).font(.footnote).foregroundStyle(.red)
            } else {
                Text(labels.first?.name ?? "–").font(.system(size: 72, weight: .semibold, design: .rounded))
                    .accessibilityLabel(labels.first.map { "Read as \($0.name)" } ?? "Nothing drawn yet")
                Text(labels.dropFirst().prefix(2).map { "or \($0.name)" }.joined(separator: ", ")).foregroundStyle(
                    .secondary)
            }
        }

        private func open() async {
            do {
                reader = try await DigitReader.load(bundle: bundle)
            } catch {
                failure = error.localizedDescription
            }
        }

        /// Reads what is drawn now; what was read before and did not end is let go.
        private func read() {
            reading?.cancel()
            reading = Task { @MainActor in
                do {
                    labels = try await reader?.read(drawing) ?? []
                    failure = nil
                } catch is CancellationError {
                } catch {
                    failure = error.localizedDescription
                }
            }
        }

        private func clear() {
            reading?.cancel()
            (drawing, labels, failure) = (Drawing(), [], nil)
        }
    }
#endif
