import ArgumentParser
import Glibc

#if ONCORELAY_LIBFUZZER
    /// libFuzzer's own entry: it mutates by what the code does with an input, and writes down what crashes.
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<CInt>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt

    /// The target that ONCORELAY_FUZZ_TARGET names, and what came of it so far. libFuzzer has one thread.
    private nonisolated(unsafe) var target = FuzzTarget.all.first {
        $0.name == (getenv("ONCORELAY_FUZZ_TARGET").map { String(cString: $0) } ?? "nifti")
    }
    private nonisolated(unsafe) var report = FuzzReport(target: target?.name ?? "", seed: 0)

    @_cdecl("LLVMFuzzerTestOneInput")
    func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        let start = FuzzReport.processorMilliseconds
        guard let target else { fatalError("ONCORELAY_FUZZ_TARGET: there is no such target") }
        let outcome = target.read(UnsafeRawBufferPointer(start: data, count: count))
        if case .undocumented(let text) = outcome { fatalError("an undocumented error: \(text)") }
        let milliseconds = FuzzReport.processorMilliseconds - start
        guard milliseconds < 1000 else { fatalError("\(milliseconds) ms for one input") }
        report.add(outcome, took: milliseconds)
        return 0
    }

    /// `oncorelay-fuzz [libFuzzer's flags] [CORPUS]`
    @main
    enum Engine {
        static func main() {
            // The seeds of the other engine are written where the first folder among the arguments is.
            if let target, let folder = CommandLine.arguments.dropFirst().first(where: { !$0.hasPrefix("-") }) {
                for (index, seed) in target.seeds.enumerated() {
                    let descriptor = open("\(folder)/seed-\(index)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
                    precondition(descriptor >= 0, "the corpus' folder cannot be written")
                    _ = seed.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                    close(descriptor)
                }
            }
            atexit {
                report.peakMegabytes = FuzzReport.peakMegabytes
                print(report.json)
            }
            var count = CommandLine.argc
            var arguments = CommandLine.unsafeArgv
            exit(runDriver(&count, &arguments) { fuzzOneInput($0, $1) })
        }
    }
#else
    @main
    enum Engine {
        static func main() { FuzzMain.main() }
    }
#endif
