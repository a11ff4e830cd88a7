import ArgumentParser
import Contracts
import Datasets
import Phantoms
import Testing

@testable import oncorelay

@Suite struct CohortCommandTests {
    @Test func phantomReadsWhatACohortIsToBe() throws {
        let command = try #require(
            try OncoRelayCommand.parseAsRoot([
                "phantom", "out", "--cohort", "lymph-node", "--nodes", "40", "--seed", "9", "--difficulty", "hard",
                "--variety", "suppressed", "--format", "jpeg",
            ]) as? PhantomCommand)
        #expect(command.cohort == .lymphNode)
        #expect(command.seed == 9)
        #expect(command.options.nodes == 40)
        #expect(command.options.difficulty == .hard)
        #expect(command.options.variety == .suppressed)
        #expect(command.options.format == .jpeg)
        let plain = try #require(try OncoRelayCommand.parseAsRoot(["phantom", "out"]) as? PhantomCommand)
        #expect(plain.cohort == nil && plain.task == .brainMetastasis && plain.count == 1)
    }

    @Test func splitReadsItsOptions() throws {
        let command = try #require(
            try OncoRelayCommand.parseAsRoot(["dataset", "split", "in", "--unit", "image", "--fractions", "0.8,0.2,0"])
                as? DatasetSplitCommand)
        #expect(command.unit == .image)
        #expect(command.fractions == "0.8,0.2,0")
        #expect(command.seed == 1 && !command.check && command.out == nil)
    }

    @Test(arguments: [
        ["phantom", "out", "--cohort", "brain-metastasis", "--patients", "3"],
        ["phantom", "out", "--cohort", "brain-metastasis", "--count", "5"],
        ["phantom", "out", "--cohort", "heart"], ["phantom", "out", "--difficulty", "harder"],
        ["phantom", "out", "--spacing", "0.1"], ["dataset", "split", "in", "--fractions", "0.8,0.2"],
        ["dataset", "split", "in", "--unit", "house"], ["dataset", "check", "in", "--sequences", "T1,T9"],
    ])
    func wrongUsesAreRefused(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try OncoRelayCommand.parseAsRoot(arguments) }
    }
}
