// A stand-in for the part of AVFoundation that the example hears the microphone by, as SwiftUI.swift is one for its screen.

@_exported import Foundation

public typealias AVAudioFrameCount = UInt32
public typealias AVAudioNodeBus = Int

public enum AVAudioCommonFormat { case pcmFormatFloat32 }

public class AVAudioFormat {
    public init?(commonFormat: AVAudioCommonFormat, sampleRate: Double, channels: UInt32, interleaved: Bool) {}
    public var sampleRate: Double { 0 }
}

public class AVAudioBuffer {
    public init() {}
}

public class AVAudioPCMBuffer: AVAudioBuffer {
    public init?(pcmFormat: AVAudioFormat, frameCapacity: AVAudioFrameCount) {}
    public var frameLength: AVAudioFrameCount = 0
    public var floatChannelData: UnsafePointer<UnsafeMutablePointer<Float>>? { nil }
}

public class AVAudioTime {}

public enum AVAudioConverterInputStatus { case haveData, noDataNow }
public enum AVAudioConverterOutputStatus { case haveData }

public class AVAudioConverter {
    public init?(from: AVAudioFormat, to: AVAudioFormat) { return nil }
    public var inputFormat: AVAudioFormat { fatalError() }
    public var outputFormat: AVAudioFormat { fatalError() }

    @discardableResult
    public func convert(
        to buffer: AVAudioBuffer, error: UnsafeMutablePointer<NSError?>?,
        withInputFrom block: @escaping (AVAudioFrameCount, UnsafeMutablePointer<AVAudioConverterInputStatus>) ->
            AVAudioBuffer?
    ) -> AVAudioConverterOutputStatus { .haveData }
}

public class AVAudioInputNode {
    public func outputFormat(forBus bus: AVAudioNodeBus) -> AVAudioFormat { fatalError() }
    public func installTap(
        onBus bus: AVAudioNodeBus, bufferSize: AVAudioFrameCount, format: AVAudioFormat?,
        block: @escaping (AVAudioPCMBuffer, AVAudioTime) -> Void
    ) {}
    public func removeTap(onBus bus: AVAudioNodeBus) {}
}

public class AVAudioEngine {
    public init() {}
    public var inputNode: AVAudioInputNode { fatalError() }
    public func start() throws {}
    public func stop() {}
}
