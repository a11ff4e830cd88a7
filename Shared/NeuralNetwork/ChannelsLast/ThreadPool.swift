internal import Glibc

/// OpenMP's threads, which oneDNN and the kernels of ours share. Each thread that computes has a pool of its own.
enum ThreadPool {
    private typealias SetThreads = @convention(c) (CInt) -> Void

    /// oneDNN brings the library; it is asked for by name so that one without OpenMP works, too.
    private static let setThreads: SetThreads? = {
        guard let library = dlopen(nil, RTLD_NOW), let symbol = dlsym(library, "omp_set_num_threads") else {
            return nil
        }
        return unsafeBitCast(symbol, to: SetThreads.self)
    }()

    /// Says how many threads work that is started from this thread may use from now on.
    static func use(threads: Int) { setThreads?(CInt(clamping: threads)) }
}
