#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Checks of the machine itself: instructions, libraries, memory, limits, disk.
enum MachineChecks {
    /// Which vector instructions there are, from `/proc/cpuinfo`.
    static func processor(information: String? = ProcFile.text("/proc/cpuinfo")) -> Diagnosis {
        let name = "processor"
        guard let information else {
            return .warn(
                name, "/proc/cpuinfo cannot be read", remedy: "mount /proc; speed cannot be foretold without it")
        }
        let lines = information.split(separator: "\n")
        func value(_ key: String) -> String? {
            lines.first { $0.hasPrefix(key) }.flatMap { line in
                line.firstIndex(of: ":").map { line[line.index(after: $0)...].drop { $0 == " " } }
            }.map(String.init)
        }
        let flags = Set((value("flags") ?? value("Features") ?? "").split(separator: " "))
        let known: [(flag: String, name: String)] = [
            ("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_bf16", "AVX-512 BF16"), ("amx_tile", "AMX"),
            ("amx_bf16", "AMX BF16"), ("amx_int8", "AMX INT8"), ("asimd", "NEON"), ("sve", "SVE"),
        ]
        let present = known.filter { flags.contains($0.flag[...]) }.map(\.name)
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let detail =
            "\(value("model name") ?? "unknown model"), \(cores) cores, "
            + (present.isEmpty ? "no vector instructions that are known here" : present.joined(separator: ", "))
        if present.contains("AVX2") || present.contains("NEON") { return .ok(name, detail) }
        return .warn(
            name, detail, remedy: "the networks work, but slowly; a processor with AVX2 or later is many times faster")
    }

    /// The C libraries that this process runs with, from `/proc/self/maps`.
    static func libraries(maps: String? = ProcFile.text("/proc/self/maps")) -> Diagnosis {
        let name = "libraries"
        let wanted = [
            ("librabbitmq", "librabbitmq4"), ("libhiredis", "libhiredis0.14"), ("libopenblas", "libopenblas0-pthread"),
            ("libdnnl", "libdnnl2"),
            ("libsqlite3", "libsqlite3-0"), ("libcrypto", "libssl3"), ("libnifti2", "libnifti2-2"),
            ("libdeflate", "libdeflate0"), ("libpng16", "libpng16-16"), ("libjpeg", "libjpeg62-turbo"),
        ]
        guard let maps else {
            return .warn(
                name, "/proc/self/maps cannot be read", remedy: "mount /proc to see which libraries are loaded")
        }
        let loaded = Set(
            maps.split(separator: "\n").compactMap { line in
                line.lastIndex(of: "/").map { String(line[line.index(after: $0)...]) }
            })
        var found: [String] = []
        var absent: [String] = []
        for (library, package) in wanted {
            if let file = loaded.filter({ $0.hasPrefix(library) }).min() {
                found.append(file)
            } else {
                absent.append("\(library) (\(package))")
            }
        }
        // What this program did not need to load is linked into it, or not needed by this build.
        let detail =
            "loaded: \(found.joined(separator: ", "))"
            + (absent.isEmpty
                ? "" : "; linked in or not needed: \(absent.map { $0.prefix { $0 != " " } }.joined(separator: ", "))")
        return .ok(name, detail)
    }

    /// The programs that DICOM is read with.
    static func imagePrograms(_ programs: [(name: String, package: String, path: String?)]) -> Diagnosis {
        let name = "DICOM"
        let found = programs.compactMap { program in program.path.map { "\(program.name) (\($0))" } }
        let absent = programs.filter { $0.path == nil }
        guard !absent.isEmpty else { return .ok(name, found.joined(separator: ", ")) }
        let packages = absent.map(\.package).joined(separator: " ")
        return .warn(
            name, "not installed: \(absent.map(\.name).joined(separator: ", "))",
            remedy: "'apt-get install --no-install-recommends \(packages)'; without dcm2niix no DICOM series is read, "
                + "without gdcmconv none whose pixels are compressed; NIfTI, PNG and JPEG are read without either")
    }

    /// Memory that can be had without swapping, from `/proc/meminfo`.
    static func memory(information: String? = ProcFile.text("/proc/meminfo")) -> Diagnosis {
        let name = "memory"
        let line = information?.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        guard let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            return .warn(name, "/proc/meminfo cannot be read", remedy: "mount /proc")
        }
        let detail = "\(NumberText.bytes(kibibytes * 1024)) available"
        guard kibibytes >= 512 * 1024 else {
            return .warn(
                name, detail, remedy: "a study of several series takes hundreds of MiB; free some, or run fewer at once"
            )
        }
        return .ok(name, detail)
    }

    /// How many files and sockets a process may have open.
    static func openFiles(softLimit: UInt64? = nil) -> Diagnosis {
        let name = "open files"
        var limit = rlimit()
        if let softLimit {
            limit.rlim_cur = rlim_t(softLimit)
        } else {
            #if canImport(Glibc)
                let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            #else
                let resource = RLIMIT_NOFILE
            #endif
            getrlimit(resource, &limit)
        }
        let detail = limit.rlim_cur == rlim_t.max ? "unlimited" : "\(limit.rlim_cur) allowed"
        guard limit.rlim_cur >= 1024 else {
            return .warn(
                name, detail, remedy: "raise it to 1024 or more: 'ulimit -n 4096', or LimitNOFILE= in the unit")
        }
        return .ok(name, detail)
    }

    /// Free space where the ledger and the heat maps are written.
    static func disk(folder: String) -> Diagnosis {
        let name = "disk space"
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else {
            return .fail(
                name, "'\(folder)' cannot be looked at: \(String(cString: strerror(errno)))",
                remedy: "make the folder, or point ONCORELAY_LEDGER elsewhere")
        }
        return disk(folder: folder, freeBytes: Int(status.f_bavail) * Int(status.f_frsize))
    }

    static func disk(folder: String, freeBytes: Int) -> Diagnosis {
        let detail = "\(NumberText.bytes(freeBytes)) free at '\(folder)'"
        let remedy = "free some space, or point ONCORELAY_LEDGER and ONCORELAY_HEATMAPS to a larger disk"
        if freeBytes < 100 << 20 { return .fail("disk space", detail, remedy: remedy) }
        if freeBytes < 1 << 30 { return .warn("disk space", detail, remedy: remedy) }
        return .ok("disk space", detail)
    }
}
