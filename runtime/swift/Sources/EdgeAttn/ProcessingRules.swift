/// What `processing` must keep: its inputs, outputs and files are there, and are what it fills or reads.
extension Manifest {
    func check(_ processing: Processing) throws {
        let parts: [Any?] = [processing.text, processing.image, processing.audio, processing.labels]
        try require(parts.contains { $0 != nil }, "processing: none found, text, image, audio or labels expected")
        if let text = processing.text {
            try require(files[text.tokenizer] != nil, "processing.text.tokenizer: \(text.tokenizer) is not in files")
            try integers("processing.text.longest", 1, [text.longest].compactMap { $0 })
            try check(input: text.ids, 2, \.isInteger)
            for name in [text.mask, text.types].compactMap({ $0 }) { try check(input: name, 2) { _ in true } }
        }
        if let image = processing.image {
            try integers("processing.image", 1, [image.height, image.width])
            let count = image.channels.rawValue.count
            let fits = image.mean.count == count && image.std.count == count && image.std.allSatisfy { $0 > 0 }
            try require(fits, "processing.image: mean, and std above 0, for each channel of \(image.channels) expected")
            try check(input: image.input, 4) { $0 == .float32 }
        }
        if let audio = processing.audio {
            try integers("processing.audio", 1, [audio.rate, audio.channels])
            try check(input: audio.input, audio.channels == 1 ? 2 : 3) { $0 == .float32 }
        }
        if let labels = processing.labels {
            let output = called.flatMap(\.outputs).last { $0.name == labels.output }
            let fits = output?.dtype == .float32 && output?.dims.last == .size(labels.names.count)
            try require(fits, "processing.labels: \(labels.output) expected to be float32 with a place for each name")
        }
    }

    /// The graphs that an app's data goes into and comes out of.
    private var called: [Graph] {
        [mainGraph, generation?.decoder, generation?.encoder].compactMap { $0.flatMap { graphs[$0] } }
    }

    private func check(input name: String, _ dims: Int, _ takes: (DType) -> Bool) throws {
        let input = called.flatMap(\.inputs).last { $0.name == name }
        let fits = input.map { takes($0.dtype) && $0.dims.count == dims } ?? false
        try require(
            fits, "processing: \(input?.description ?? name) found, another input expected: see the specification")
    }
}
