internal import Glibc

/// Runs an actor's work on a thread of its own, so that long computations do not sit on the cooperative pool.
/// Several workers may share one, and then take turns instead of fighting for the processor's cores.
///
/// It is always the same thread, because OpenMP keeps a pool of threads for each thread that computes.
package final class ComputeExecutor: SerialExecutor {
    private let queue: JobQueue
    /// For plans that run here, one after another.
    package let memory = WorkingMemory()

    package init() {
        // Before anything else competes for the processor.
        _ = OpenBLASRuntime.prepare()
        let queue = JobQueue()
        self.queue = queue
        JobThread.start { queue.run() }
    }

    deinit { queue.close() }

    package func enqueue(_ job: consuming ExecutorJob) {
        queue.append(.init(job: UnownedJob(job), executor: asUnownedSerialExecutor()))
    }
}

/// Jobs in the order in which they came; one thread takes them.
///
/// `@unchecked Sendable`: everything is guarded by the mutex.
private final class JobQueue: @unchecked Sendable {
    struct Entry {
        var job: UnownedJob
        var executor: UnownedSerialExecutor
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var entries: [Entry] = []
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func append(_ entry: Entry) {
        pthread_mutex_lock(mutex)
        entries.append(entry)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Ends the thread after the jobs that are there.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func run() {
        while true {
            pthread_mutex_lock(mutex)
            while entries.isEmpty, !isClosed { pthread_cond_wait(condition, mutex) }
            let taken = entries
            entries.removeAll()
            pthread_mutex_unlock(mutex)
            guard !taken.isEmpty else { return }
            for entry in taken { entry.job.runSynchronously(on: entry.executor) }
        }
    }
}

private enum JobThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        // Swift's own threads have half a megabyte; kernels keep lines on the stack.
        pthread_attr_setstacksize(&attributes, 8 << 20)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        // Without threads nothing of this process would work.
        precondition(status == 0, "no thread for computations: error \(status)")
    }
}
