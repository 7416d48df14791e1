import Foundation

/// The device that a figure was measured on: without it, a latency says nothing.
public struct Machine: Codable, Sendable {
    public let cpu: String
    public let instructionSets: [String]
    public let cores: Int
    @Nullable public private(set) var memoryMb: Int?
    public let system: String
    public let versions: [String: String]

    static func here() throws -> Machine {
        let (cpu, sets) = processor()
        return Machine(
            cpu: cpu, instructionSets: sets, cores: availableCores(),
            memoryMb: Int(ProcessInfo.processInfo.physicalMemory / 1_000_000), system: systemName(),
            versions: ["onnxruntime": try Engine.here().version])
    }
}

func availableCores() -> Int { ProcessInfo.processInfo.activeProcessorCount }

#if os(Linux)
    private func processor() -> (String, [String]) {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        func line(_ names: [String]) -> String? {
            let lines = text.split(separator: "\n").map {
                $0.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            }
            return lines.first { $0.count == 2 && names.contains($0[0]) }?[1]
        }
        let known = [
            "avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8", "asimd", "asimddp", "i8mm", "sve", "sve2", "sme",
        ]
        let flags = Set((line(["flags", "Features"]) ?? "").split(separator: " ").map(String.init))
        return (line(["model name", "Hardware"]) ?? "unknown", known.filter(flags.contains))
    }

    private func systemName() -> String {
        let release = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
        return "Linux \(release)".trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The memory to be had without swapping, in bytes.
    func availableMemory() -> Int? { kilobytes("/proc/meminfo", "MemAvailable").map { $0 * 1024 } }

    /// The most memory that this process has held, in MB.
    func peakMemory() -> Double? { kilobytes("/proc/self/status", "VmHWM").map { Double($0) * 1024 / 1e6 } }

    private func kilobytes(_ path: String, _ name: String) -> Int? {
        let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n")
        return lines?.first { $0.hasPrefix("\(name):") }.flatMap { Int($0.filter(\.isNumber)) }
    }
#else
    private func processor() -> (String, [String]) {
        let sets = ["AdvSIMD": "asimd", "arm.FEAT_DotProd": "asimddp", "arm.FEAT_I8MM": "i8mm", "arm.FEAT_SME": "sme"]
        let names = [setting("hw.machine"), setting("machdep.cpu.brand_string")].compactMap { $0 }
        let known = sets.filter { setting("hw.optional.\($0.key)")?.unicodeScalars.first?.value == 1 }.values.sorted()
        return (names.last ?? "unknown", known)
    }

    private func setting(_ name: String) -> String? {
        var value = [CChar](repeating: 0, count: 256)
        var size = 255
        return sysctlbyname(name, &value, &size, nil, 0) == 0 ? String(cString: value) : nil
    }

    private func systemName() -> String {
        #if os(iOS)
            let name = "iOS"
        #else
            let name = "macOS"
        #endif
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return "\(name) \(version.majorVersion).\(version.minorVersion)"
    }

    /// The memory that this process may still take, in bytes.
    func availableMemory() -> Int? {
        #if os(iOS)
            return os_proc_available_memory()
        #else
            return nil
        #endif
    }

    /// The most memory that this process has held, in MB.
    func peakMemory() -> Double? {
        var usage = rusage()
        return getrusage(RUSAGE_SELF, &usage) == 0 ? Double(usage.ru_maxrss) / 1e6 : nil
    }
#endif
