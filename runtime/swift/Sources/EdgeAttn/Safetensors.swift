import Foundation

/// Read a file of https://github.com/huggingface/safetensors.
func readSafetensors(_ path: String) throws -> [String: Tensor] {
    struct Header: Decodable {
        let dtype: String?
        let shape, data_offsets: [Int]?
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    func broken(_ why: String) -> BundleError {
        BundleError(description: "\(path): not a safetensors file (\(why)); export the model again")
    }
    guard data.count >= 8 else { throw broken("\(data.count) bytes") }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8) else { throw broken("a header beyond its end") }
    let body = 8 + Int(length)
    guard let headers = try? JSONDecoder().decode([String: Header].self, from: data[8..<body]) else {
        throw broken("its header is no table of tensors")
    }
    var end = 0
    var tensors: [String: Tensor] = [:]
    func start(_ header: Header) -> (Int, Int) { (header.data_offsets?.first ?? 0, header.data_offsets?.last ?? 0) }
    let entries = headers.filter { $0.key != "__metadata__" }.sorted { start($0.value) < start($1.value) }
    for (name, header) in entries {
        guard let dtype = DType.allCases.first(where: { $0.known.safetensors == header.dtype }), let dims = header.shape,
            let offsets = header.data_offsets, offsets.count == 2, offsets[0] == end, offsets[1] >= end,
            offsets[1] <= data.count - body, bytes(dims, dtype) == offsets[1] - end
        else { throw broken("tensor \(name)") }
        tensors[name] = try Tensor(bytes: data[(body + end)..<(body + offsets[1])], dtype: dtype, dims: dims)
        end = offsets[1]
    }
    guard body + end == data.count else { throw broken("bytes of no tensor") }
    return tensors
}

/// Return the bytes that a tensor takes, or nil where dims are below 0 or beyond all memory.
private func bytes(_ dims: [Int], _ dtype: DType) -> Int? {
    dims.reduce(dtype.size) { count, dim in
        guard let count, dim >= 0 else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: dim)
        return overflow ? nil : product
    }
}
