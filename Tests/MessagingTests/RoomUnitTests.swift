import Testing

@testable import Messaging

@Suite struct RoutingKeyPatternTests {
    @Test(arguments: [
        ("#", "", true), ("#", "a.b.c", true), ("a.#", "a", true), ("a.#", "a.b.c", true), ("a.#", "b", false),
        ("#.c", "c", true), ("#.c", "a.b.c", true), ("#.c", "a.c.b", false), ("a.*.c", "a.b.c", true),
        ("a.*.c", "a.c", false), ("a.*.c", "a.b.b.c", false), ("*", "a", true), ("*", "", false), ("*.*", "a", false),
        ("a.#.b.#.c", "a.x.b.y.z.b.c", true), ("a.#.b.#.c", "a.x.y.c", false), ("#.#", "", true), ("", "", true),
        ("", "a", false), ("a.b", "a.b", true), ("*.#", "a.b.c", true), ("#.*", "", false), ("#.*.b", "b", false),
        ("study.submitted.urgent", "study.submitted.routine", false),
    ])
    func matchesAsTheProtocolSays(_ pattern: String, _ key: String, _ isMatch: Bool) {
        #expect(RoutingKeyPattern(pattern).matches(RoutingKeyPattern.words(key)) == isMatch)
    }
}

@Suite struct SettlementTests {
    @Test func aRunOfAcknowledgementsBecomesOneFrame() {
        var settlement = Settlement()
        for number in 1...5 as ClosedRange<UInt64> { settlement.delivered(number) }
        for number in [2, 1, 3] as [UInt64] { #expect({ settlement.acknowledge(number) }()) }
        let frames = settlement.takeDue()
        #expect(frames.map(\.number) == [3] && frames.map(\.multiple) == [true])
        #expect({ settlement.takeDue().isEmpty }())
    }

    @Test func whatIsStillInHandIsNeverAcknowledgedByAnother() {
        var settlement = Settlement()
        for number in 1...6 as ClosedRange<UInt64> { settlement.delivered(number) }
        for number in [1, 3, 4, 6] as [UInt64] { #expect({ settlement.acknowledge(number) }()) }
        let first = settlement.takeDue()
        #expect(first.map(\.number) == [1, 3, 4, 6] && first.allSatisfy { !$0.multiple })
        #expect({ settlement.acknowledge(2) }())
        // 3 and 4 are settled already, so this is an acknowledgement of 2 alone.
        let second = settlement.takeDue()
        #expect(second.map(\.number) == [2] && second.map(\.multiple) == [false])
        #expect({ settlement.acknowledge(5) }())
        #expect({ settlement.takeDue().map(\.number) }() == [5])
    }

    @Test func nothingIsSettledTwice() {
        var settlement = Settlement()
        settlement.delivered(1)
        settlement.delivered(2)
        #expect({ settlement.settle(1) }())
        #expect(!{ settlement.acknowledge(1) }())
        #expect({ settlement.acknowledge(2) }())
        #expect(!{ settlement.acknowledge(2) }())
        #expect(!{ settlement.settle(2) }())
        #expect(!{ settlement.acknowledge(7) }())
        let frames = settlement.takeDue()
        #expect(frames.map(\.number) == [2] && frames.map(\.multiple) == [false])
        #expect(!{ settlement.acknowledge(1) }())
    }

    /// Against a simple model: after any order of doing things, exactly what was acknowledged is settled.
    @Test(arguments: 0..<50)
    func randomOrdersSettleExactlyWhatWasAcknowledged(_ seed: UInt64) {
        var generator = SplitMix(state: seed)
        var settlement = Settlement()
        var inHand: Set<UInt64> = []
        var acknowledged: Set<UInt64> = []
        var written: Set<UInt64> = []
        var last: UInt64 = 0
        for _ in 0..<400 {
            switch UInt8.random(in: 0..<5, using: &generator) {
            case 0, 1:
                last += 1
                settlement.delivered(last)
                inHand.insert(last)
            case 2, 3:
                guard let number = inHand.sorted().randomElement(using: &generator) else { continue }
                inHand.remove(number)
                acknowledged.insert(number)
                #expect({ settlement.acknowledge(number) }())
            default:
                for (number, multiple) in settlement.takeDue() {
                    if multiple {
                        #expect(inHand.allSatisfy { $0 > number })
                        written.formUnion(acknowledged.filter { $0 <= number })
                    } else {
                        #expect({ written.insert(number).inserted }())
                    }
                }
                #expect(written == acknowledged)
            }
        }
    }
}

@Suite struct FIFOTests {
    @Test(arguments: 0..<20)
    func behavesAsAnArray(_ seed: UInt64) {
        var generator = SplitMix(state: seed)
        var fifo = FIFO<Int>()
        var model: [Int] = []
        for step in 0..<6000 {
            switch UInt8.random(in: 0..<9, using: &generator) {
            case 0...3:
                fifo.append(step)
                model.append(step)
            case 4...5:
                let expected = model.isEmpty ? nil : model.removeFirst()
                #expect({ fifo.popFirst() }() == expected)
            case 6:
                fifo.prepend(step)
                model.insert(step, at: 0)
            case 7:
                fifo.prepend(contentsOf: [step, -step])
                model = [step, -step] + model
            default:
                #expect(fifo.count == model.count && fifo.first == model.first && fifo.isEmpty == model.isEmpty)
                if let offset = model.indices.randomElement(using: &generator) {
                    #expect(fifo[offset] == model[offset])
                }
            }
        }
        #expect({ fifo.removeAll() }() == model)
        #expect(fifo.isEmpty)
    }
}

/// A small seeded generator (Steele, Lea, Flood: SplitMix64), so that a failure can be seen again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
