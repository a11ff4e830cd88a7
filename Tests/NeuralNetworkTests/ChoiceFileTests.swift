import Foundation
import Testing

import NeuralNetwork

/// The file that remembers which code is fastest must never be the reason that a network does not run.
struct ChoiceFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "choices-\(UUID().uuidString)")
    private var path: String { folder.appending(path: "oncorelay/convolutions-1.txt").path }
    private var file: ChoiceFile { ChoiceFile(directory: folder.appending(path: "oncorelay").path) }

    private func withFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    @Test func choicesAreReadAsTheyWereAdded() throws {
        try withFolder {
            #expect(file.read().isEmpty)
            file.add(["a,t2": .direct, "b,t2": .winograd1])
            file.add(["b,t2": .oneDNN, "c,t2": .winogradFloat])
            #expect(file.read() == ["a,t2": .direct, "b,t2": .oneDNN, "c,t2": .winogradFloat])
        }
    }

    @Test(arguments: ["", "\n", "unfinished", "oncorelay\na,t2 direct\n", "\u{0}\u{1}\u{2}\n", "header\n\n\n x y z\n"])
    func aFileOfAnotherKindIsAsNone(_ text: String) throws {
        try withFolder {
            file.add(["a,t2": .direct])
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(file.read().isEmpty)
            file.add(["b,t2": .oneDNN])
            #expect(file.read() == ["b,t2": .oneDNN])
        }
    }

    @Test func bytesThatAreNoTextAreAsNone() throws {
        try withFolder {
            file.add(["a,t2": .direct])
            try Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 167 | 128) }).write(to: URL(filePath: path))
            #expect(file.read().isEmpty)
        }
    }

    @Test func damagedLinesAreLeftOutAndOthersHold() throws {
        try withFolder {
            file.add(["a,t2": .direct])
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            let damaged = whole + "no choice here\nb,t2 unheard-of\nc,t2\nd,t2 tiles\ne,t2 onedn"
            try damaged.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(file.read() == ["a,t2": .direct, "d,t2": .tiles])
        }
    }

    @Test func choicesOfAnotherProcessorAreNotTaken() throws {
        try withFolder {
            file.add(["a,t2": .direct])
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            let lines = whole.split(separator: "\n", omittingEmptySubsequences: false)
            let other = ([lines[0] + " another"] + lines.dropFirst()).joined(separator: "\n")
            try other.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(file.read().isEmpty)
        }
    }

    @Test func aPlaceThatCannotBeWrittenIsNoError() throws {
        try withFolder {
            // A file stands where the folder should be: that stops root as well.
            let blocked = folder.appending(path: "blocked")
            try Data().write(to: blocked)
            let file = ChoiceFile(directory: blocked.appending(path: "oncorelay").path)
            file.add(["a,t2": .direct])
            #expect(file.read().isEmpty)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            self.file.add(["a,t2": .direct])
            #expect(self.file.read().isEmpty)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "oncorelay").path)
            #expect(left == ["convolutions-1.txt"])
        }
    }
}
