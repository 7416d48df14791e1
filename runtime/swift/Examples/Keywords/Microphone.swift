#if canImport(AVFoundation)
    import AVFoundation

    /// The microphone, at the rate that the model takes.
    enum Microphone {
        /// Yields what it records, until it is let go. The app's Info.plist says why: `NSMicrophoneUsageDescription`.
        ///
        /// - Throws: Where the microphone cannot be opened.
        static func samples(rate: Int) throws -> AsyncStream<[Float]> {
            #if os(iOS)
                try AVAudioSession.sharedInstance().setCategory(.record, mode: .measurement)
                try AVAudioSession.sharedInstance().setActive(true)
            #endif
            let engine = AVAudioEngine()
            let recorded = engine.inputNode.outputFormat(forBus: 0)
            guard
                let taken = AVAudioFormat(
                    commonFormat: .pcmFormatFloat32, sampleRate: Double(rate), channels: 1, interleaved: false),
                let converter = AVAudioConverter(from: recorded, to: taken)
            else { throw CocoaError(.featureUnsupported) }
            // What a device that is too slow has not heard yet is dropped.
            let (samples, continuation) = AsyncStream.makeStream(
                of: [Float].self, bufferingPolicy: .bufferingNewest(64))
            engine.inputNode.installTap(onBus: 0, bufferSize: 4096, format: recorded) { buffer, _ in
                continuation.yield(converted(buffer, by: converter))
            }
            continuation.onTermination = { _ in
                engine.stop()
                engine.inputNode.removeTap(onBus: 0)
            }
            try engine.start()
            return samples
        }

        /// Resamples and mixes what was recorded.
        private static func converted(_ buffer: AVAudioPCMBuffer, by converter: AVAudioConverter) -> [Float] {
            let share = converter.outputFormat.sampleRate / converter.inputFormat.sampleRate
            let capacity = AVAudioFrameCount((Double(buffer.frameLength) * share).rounded(.up)) + 1
            guard let output = AVAudioPCMBuffer(pcmFormat: converter.outputFormat, frameCapacity: capacity) else {
                return []
            }
            var given = false
            converter.convert(to: output, error: nil) { _, status in
                status.pointee = given ? .noDataNow : .haveData
                defer { given = true }
                return given ? nil : buffer
            }
            guard let channel = output.floatChannelData?[0] else { return [] }
            return UnsafeBufferPointer(start: channel, count: Int(output.frameLength)).map { min(max($0, -1), 1) }
        }
    }
#endif
