// A stand-in for the part of SwiftUI that the example uses, so that its screen can be type-checked where there is no SwiftUI.

@_exported import Foundation

public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}

public struct Nothing: View {
    public var body: Nothing { self }
}

@resultBuilder
public enum ViewBuilder {
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> Nothing { Nothing() }
    public static func buildOptional(_ content: Nothing?) -> Nothing { Nothing() }
    public static func buildEither<Content: View>(first: Content) -> Nothing { Nothing() }
    public static func buildEither<Content: View>(second: Content) -> Nothing { Nothing() }
}

@propertyWrapper
public struct State<Value> {
    public var wrappedValue: Value {
        get { value }
        nonmutating set {}
    }
    private let value: Value
    public init(wrappedValue: Value) { value = wrappedValue }
}

public protocol App {
    associatedtype Body: Scene
    @SceneBuilder var body: Body { get }
    init()
}

extension App {
    public static func main() {}
}

public protocol Scene {}

@resultBuilder
public enum SceneBuilder {
    public static func buildBlock<Content: Scene>(_ content: Content) -> Content { content }
}

public struct WindowGroup<Content: View>: Scene {
    public init(@ViewBuilder content: () -> Content) {}
}

public struct VStack<Content: View>: View {
    public init(spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {}
    public var body: Nothing { Nothing() }
}

public struct Text: View {
    public init<Words: StringProtocol>(_ words: Words) {}
    public var body: Nothing { Nothing() }
    public func font(_ font: Font?) -> Text { self }
}

public struct Button: View {
    public init<Words: StringProtocol>(_ title: Words, action: @escaping () -> Void) {}
    public var body: Nothing { Nothing() }
}

// Two names that EdgeAttn has too: an app says whose it means.
public struct Label<Title: View, Icon: View> {}
public struct Image {}

public struct Font: Sendable {
    public enum Weight { case semibold }
    public enum Design { case rounded }
    public static let title2 = Font()
    public static let footnote = Font()
    public static func system(size: CGFloat, weight: Weight? = nil, design: Design? = nil) -> Font { Font() }
}

public protocol ShapeStyle {}
public struct Color: ShapeStyle {
    public static let red = Color()
    public static let primary = Color()
}
public struct HierarchicalShapeStyle: ShapeStyle {}
extension ShapeStyle where Self == Color {
    public static var red: Color { Color() }
}
extension ShapeStyle where Self == HierarchicalShapeStyle {
    public static var secondary: HierarchicalShapeStyle { HierarchicalShapeStyle() }
    public static var quaternary: HierarchicalShapeStyle { HierarchicalShapeStyle() }
}

public protocol Shape {}
public struct RoundedRectangle: Shape {
    public init(cornerRadius: CGFloat) {}
}

public struct GeometryProxy {
    public var size: CGSize { .zero }
}

public struct GeometryReader<Content: View>: View {
    public init(@ViewBuilder content: @escaping (GeometryProxy) -> Content) {}
    public var body: Nothing { Nothing() }
}

public struct GraphicsContext {
    public struct Shading {
        public static func color(_ color: Color) -> Shading { Shading() }
    }
    public func stroke(_ path: Path, with shading: Shading, style: StrokeStyle) {}
}

public struct Canvas: View {
    public init(renderer: @escaping (inout GraphicsContext, CGSize) -> Void) {}
    public var body: Nothing { Nothing() }
}

public struct Path {
    public init(_ build: (inout Path) -> Void) {}
    public mutating func addLines(_ points: [CGPoint]) {}
}

public enum LineCap { case round }
public enum LineJoin { case round }
public struct StrokeStyle {
    public init(lineWidth: CGFloat = 1, lineCap: LineCap, lineJoin: LineJoin) {}
}

public protocol Gesture<Value> {
    associatedtype Value
}

extension Gesture {
    public func onChanged(_ action: @escaping (Value) -> Void) -> some Gesture<Value> { self }
    public func onEnded(_ action: @escaping (Value) -> Void) -> some Gesture<Value> { self }
}

public struct DragGesture: Gesture {
    public struct Value {
        public let location: CGPoint
        public let translation: CGSize
    }
    public init(minimumDistance: CGFloat = 10) {}
}

public protocol PrimitiveButtonStyle {}
public struct BorderedButtonStyle: PrimitiveButtonStyle {}
extension PrimitiveButtonStyle where Self == BorderedButtonStyle {
    public static var bordered: BorderedButtonStyle { BorderedButtonStyle() }
}

public enum ContentMode { case fit }

extension View {
    public func padding(_ length: CGFloat? = nil) -> some View { self }
    public func frame(width: CGFloat? = nil, height: CGFloat? = nil) -> some View { self }
    public func background<Style: ShapeStyle, Outline: Shape>(_ style: Style, in shape: Outline) -> some View { self }
    public func gesture<Touch: Gesture>(_ gesture: Touch) -> some View { self }
    public func accessibilityLabel<Words: StringProtocol>(_ words: Words) -> some View { self }
    public func aspectRatio(_ ratio: CGFloat? = nil, contentMode: ContentMode) -> some View { self }
    public func foregroundStyle<Style: ShapeStyle>(_ style: Style) -> some View { self }
    public func buttonStyle<Style: PrimitiveButtonStyle>(_ style: Style) -> some View { self }
    public func task(_ action: @escaping @Sendable () async -> Void) -> some View { self }
    public func disabled(_ isDisabled: Bool) -> some View { self }
}
