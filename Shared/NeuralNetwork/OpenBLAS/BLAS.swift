internal import COpenBLAS
internal import Glibc

/// Single-precision matrix products by OpenBLAS, row-major.
enum BLAS {
    /// `C = A B` (or `C += A B`), with A [m, k], B [k, n], C [m, n]; each has its own distance between rows.
    @inline(__always)
    static func multiply(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, rowsOfA: Int, _ b: UnsafePointer<Float>, rowsOfB: Int,
        _ c: UnsafeMutablePointer<Float>, rowsOfC: Int, accumulates: Bool = false
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a, blasint(rowsOfA), b,
            blasint(rowsOfB), accumulates ? 1 : 0, c, blasint(rowsOfC))
    }

    /// `C = Aᵀ B`, with A [k, m], B [k, n], C [m, n].
    static func multiplyTransposingA(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, rowsOfA: Int, _ b: UnsafePointer<Float>, rowsOfB: Int,
        _ c: UnsafeMutablePointer<Float>, rowsOfC: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a, blasint(rowsOfA), b,
            blasint(rowsOfB), 0, c, blasint(rowsOfC))
    }

    /// `C = A Bᵀ` (or `C += A Bᵀ`), with A [m, k], B [n, k], C [m, n].
    static func multiplyTransposingB(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, rowsOfA: Int, _ b: UnsafePointer<Float>, rowsOfB: Int,
        _ c: UnsafeMutablePointer<Float>, rowsOfC: Int, accumulates: Bool = false
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(m), blasint(n), blasint(k), 1, a, blasint(rowsOfA), b,
            blasint(rowsOfB), accumulates ? 1 : 0, c, blasint(rowsOfC))
    }
}

/// OpenBLAS's choices for this process.
package enum OpenBLASRuntime {
    /// Which kernels OpenBLAS uses, and how it came to that.
    package struct Report: Sendable, Equatable {
        /// OpenBLAS's name for the kernels, such as `SkylakeX`.
        package var core: String
        /// The kernels that it chose by itself, where they were changed here.
        package var replaced: String?
    }

    /// Chooses kernels and turns off OpenBLAS's own threads, because this room splits the work itself and two layers
    /// of threads would fight. Done once, before the first product; later calls give the same report.
    package static func prepare() -> Report { report }

    private static let report: Report = {
        // OpenBLAS 0.3.21 takes CPUs newer than itself for a Haswell, which halves its speed where AVX-512 exists.
        let chosen = currentCore
        let isOverridden = getenv("OPENBLAS_CORETYPE") != nil
        if !isOverridden, hasAVX512, ["Haswell", "Zen", "Sandybridge", "Excavator"].contains(chosen) {
            selectCore("SkylakeX")
        }
        openblas_set_num_threads(1)
        endThreads()
        let core = currentCore
        return Report(core: core, replaced: core == chosen ? nil : chosen)
    }()

    private static var currentCore: String {
        guard let name = openblas_get_corename() else { return "unknown" }
        return String(cString: name)
    }

    /// Lets OpenBLAS choose again under `OPENBLAS_CORETYPE`, which it otherwise reads only while it is loaded. A build
    /// for one CPU only has no such functions, and is left as it is. Must not run beside a product.
    private static func selectCore(_ core: String) {
        typealias Function = @convention(c) () -> Void
        guard let library = dlopen(nil, RTLD_NOW), let quit = dlsym(library, "gotoblas_dynamic_quit"),
            let start = dlsym(library, "gotoblas_dynamic_init")
        else { return }
        setenv("OPENBLAS_CORETYPE", core, 1)
        unsafeBitCast(quit, to: Function.self)()
        unsafeBitCast(start, to: Function.self)()
        // Programs started from here choose for themselves.
        unsetenv("OPENBLAS_CORETYPE")
    }

    /// Ends OpenBLAS's own threads, which otherwise spin for a tenth of a second before they sleep, while this process
    /// has its models to read. A build without threads has no such function.
    private static func endThreads() {
        typealias Function = @convention(c) () -> Int32
        guard let library = dlopen(nil, RTLD_NOW), let end = dlsym(library, "blas_thread_shutdown_") else { return }
        _ = unsafeBitCast(end, to: Function.self)()
    }

    /// Whether the CPU has the AVX-512 instructions that the SkylakeX kernels use.
    private static var hasAVX512: Bool {
        guard let file = fopen("/proc/cpuinfo", "r") else { return false }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            guard let text = line.map({ String(cString: $0) }), text.hasPrefix("flags") else { continue }
            let flags = Set(text.split { $0 == " " || $0 == "\t" || $0 == "\n" })
            return ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"].allSatisfy { flags.contains($0) }
        }
        return false
    }
}
