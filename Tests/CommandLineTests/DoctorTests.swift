import Classifiers
import Contracts
import Foundation
import Messaging
import Testing

@testable import oncorelay

@Suite struct DoctorTests {
    @Test func processorWithoutVectorInstructionsIsAWarning() {
        let slow = MachineChecks.processor(information: "model name\t: Old CPU\nflags\t\t: fpu sse2\n")
        #expect(slow.status == .warn)
        let fast = MachineChecks.processor(information: "model name\t: New CPU\nflags\t\t: avx2 avx512f amx_tile\n")
        #expect(fast.status == .ok)
        #expect(fast.detail.contains("New CPU"))
        #expect(fast.detail.hasSuffix("AVX2, AVX-512, AMX"))
        #expect(MachineChecks.processor(information: nil).status == .warn)
    }

    @Test func librariesAreThoseOfThisProcess() {
        let maps = """
            7f00-7f01 r--p 0 0:0 1 /usr/lib/x86_64-linux-gnu/librabbitmq.so.4.5.0
            7f02-7f03 r-xp 0 0:0 1 /usr/lib/x86_64-linux-gnu/libhiredis.so.0.14
            """
        let found = MachineChecks.libraries(maps: maps)
        #expect(found.detail.hasPrefix("loaded: librabbitmq.so.4.5.0, libhiredis.so.0.14;"))
        #expect(MachineChecks.libraries().detail.contains("librabbitmq.so"))
    }

    @Test func whatDICOMIsReadWithIsNamedWithItsPackage() {
        let all = MachineChecks.imagePrograms([("dcm2niix", "dcm2niix", "/usr/bin/dcm2niix")])
        #expect(all == .ok("DICOM", "dcm2niix (/usr/bin/dcm2niix)"))
        let none = MachineChecks.imagePrograms([("dcm2niix", "dcm2niix", nil), ("gdcmconv", "libgdcm-tools", nil)])
        #expect(none.status == .warn)
        #expect(none.detail == "not installed: dcm2niix, gdcmconv")
        #expect(none.remedy?.contains("install --no-install-recommends dcm2niix libgdcm-tools'") == true)
    }

    @Test func shortageIsToldByDegrees() {
        #expect(MachineChecks.disk(folder: ".", freeBytes: 2 << 30).status == .ok)
        #expect(MachineChecks.disk(folder: ".", freeBytes: 500 << 20).status == .warn)
        #expect(MachineChecks.disk(folder: ".", freeBytes: 50 << 20).status == .fail)
        #expect(MachineChecks.disk(folder: "/nowhere/at/all").status == .fail)
        #expect(MachineChecks.openFiles(softLimit: 256).status == .warn)
        #expect(MachineChecks.openFiles(softLimit: 4096).status == .ok)
        #expect(MachineChecks.memory(information: "MemAvailable:  1048576 kB\n").status == .ok)
        #expect(MachineChecks.memory(information: "MemAvailable:  1024 kB\n").status == .warn)
        #expect(MachineChecks.memory(information: "").status == .warn)
    }

    @Test func rootsMustBeFolders() throws {
        try withFolder { folder in
            try Data().write(to: URL(filePath: folder + "/file"))
            let found = FileChecks.roots("\(folder):\(folder)/file:\(folder)/none")
            #expect(found.map(\.status) == [.ok, .fail, .fail])
            #expect(found.dropFirst().allSatisfy { $0.remedy != nil })
        }
        #expect(FileChecks.roots(nil).map(\.status) == [.warn])
        #expect(FileChecks.roots("").map(\.status) == [.warn])
    }

    @Test func modelsAreReadAndTheirAbsenceIsSaid() throws {
        let none = FileChecks.models(nil)
        #expect(none.map(\.status) == [.warn])
        #expect(none.first?.detail.contains("UNTRAINED") == true)
        try withFolder { folder in
            #expect(FileChecks.models(folder).map(\.status) == [.fail])
            #expect(FileChecks.models(folder + "/none").map(\.status) == [.fail])
        }
    }

    @Test func ledgerNeedsAFolderThatCanBeWritten() throws {
        try withFolder { folder in
            #expect(FileChecks.ledger(folder + "/ledger.sqlite").status == .ok)
            try Data().write(to: URL(filePath: folder + "/ledger.sqlite"))
            #expect(FileChecks.ledger(folder + "/ledger.sqlite").status == .ok)
            #expect(FileChecks.ledger(folder + "/none/ledger.sqlite").status == .fail)
        }
        #expect(FileChecks.folder(of: "a.sqlite") == ".")
        #expect(FileChecks.folder(of: "/a.sqlite") == "/")
        #expect(FileChecks.folder(of: "/b/a.sqlite") == "/b")
    }

    @Test func topologyThatIsMissingFailsWithItsRemedy() async throws {
        let bare = await ServerChecks.broker(InMemoryBroker())
        #expect(bare.map(\.status) == [.ok, .fail])
        #expect(bare.last?.remedy == "run 'oncorelay topology apply'")
        let version: @Sendable () async throws -> String = { "3.10.8" }
        let whole = await ServerChecks.broker(try await BrokerFixture.withTopology(), version: version)
        #expect(whole.map(\.status) == [.ok, .ok])
        #expect(whole.first?.detail.contains("RabbitMQ 3.10.8") == true)
    }

    @Test func portThatIsTakenIsAWarning() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                #expect(bind(listener, raw, length) == 0)
                #expect(listen(listener, 1) == 0)
                getsockname(listener, raw, &length)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
        #expect(ServerChecks.port(String(port), host: "127.0.0.1")?.status == .warn)
        #expect(ServerChecks.port("0", host: "127.0.0.1") == nil)
        #expect(ServerChecks.port(nil, host: "127.0.0.1") == nil)
        #expect(ServerChecks.port("70000", host: "127.0.0.1")?.status == .fail)
    }

    @Test func reportFailsOnlyForFailures() throws {
        let warned = DoctorReport([.ok("a", "fine"), .warn("bb", "slow", remedy: "buy")])
        #expect(warned.status == .success)
        let failed = DoctorReport(warned.checks + [.fail("c", "gone", remedy: "bring it back")])
        #expect(failed.status == .findings)
        #expect(
            failed.lines(for: Terminal(isInteractive: false, width: 80, style: .plain)) == [
                "ok    a   fine", "warn  bb  slow", "          → buy", "fail  c   gone", "          → bring it back",
            ])
        let json = try #require(JSONValue(Array(try JSONText.compact(warned).utf8)))
        #expect(json["ok"] == .bool(true))
        let slow: [String: JSONValue] = [
            "name": .string("bb"), "status": .string("warn"), "detail": .string("slow"), "remedy": .string("buy"),
        ]
        let fine: [String: JSONValue] = ["name": .string("a"), "status": .string("ok"), "detail": .string("fine")]
        #expect(json["checks"] == .array([.object(fine), .object(slow)]))
    }
}
