import EdgeAttn
import Foundation

/// What a finger drew, in a square of 1 x 1: strokes, each the points that it went through.
struct Drawing {
    var strokes: [[CGPoint]] = []
    var isEmpty: Bool { strokes.isEmpty }

    static let thickness: CGFloat = 0.15  // of a stroke, as a share of the square's side

    mutating func begin(at point: CGPoint) { strokes.append([point]) }

    mutating func move(to point: CGPoint) { strokes[strokes.count - 1].append(point) }

    /// Paint it black on white, as ink on paper, so large that it fills the square.
    func image(side: Int = 64) throws -> ImageInput {
        let points = strokes.flatMap { $0 }
        let (left, right) = ends(points.map(\.x))
        let (top, bottom) = ends(points.map(\.y))
        let scale = max(right - left, bottom - top, 0.1) / (1 - Drawing.thickness)
        var pixels = [UInt8](repeating: 0, count: side * side)
        for row in 0..<side {
            for column in 0..<side {
                let x = ((CGFloat(column) + 0.5) / CGFloat(side) - 0.5) * scale + (left + right) / 2
                let y = ((CGFloat(row) + 0.5) / CGFloat(side) - 0.5) * scale + (top + bottom) / 2
                let nearest = strokes.map { distance(from: CGPoint(x: x, y: y), to: $0) }.min() ?? 1
                // A soft edge, one pixel wide.
                let ink = (Drawing.thickness / 2 - nearest / scale) * CGFloat(side) + 0.5
                pixels[row * side + column] = UInt8(255 - 255 * min(max(ink, 0), 1))
            }
        }
        return try ImageInput(width: side, height: side, channels: 1, pixels: pixels)
    }
}

private func ends(_ values: [CGFloat]) -> (CGFloat, CGFloat) { (values.min() ?? 0, values.max() ?? 1) }

private func distance(from point: CGPoint, to stroke: [CGPoint]) -> CGFloat {
    zip(stroke, stroke.dropFirst() + [stroke[stroke.count - 1]]).map { a, b in
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let length = dx * dx + dy * dy
        let along = length == 0 ? 0 : min(max(((point.x - a.x) * dx + (point.y - a.y) * dy) / length, 0), 1)
        return hypot(a.x + along * dx - point.x, a.y + along * dy - point.y)
    }.min() ?? 1
}
