import Imaging
import Statistics

extension PhantomRandom {
    /// A standard normal number, by the inverse of its distribution.
    ///
    /// Rounded to 2⁻²⁰, so that the last digit of a machine's logarithm makes no other phantom.
    mutating func gaussian() -> Double {
        // From the middles of 2⁵² equal parts: never 0 or 1.
        let share = (Double(next() >> 12) + 0.5) * 0x1p-52
        return (NormalDistribution.quantile(share) * 0x1p20).rounded() * 0x1p-20
    }

    /// As many standard normal numbers.
    mutating func gaussians(_ count: Int) -> [Double] { (0..<count).map { _ in gaussian() } }

    /// Another sequence of numbers for each number of a thing, so that things can be made in any order.
    static func stream(_ seed: UInt64, _ numbers: UInt64...) -> PhantomRandom {
        var state = seed
        for number in numbers {
            var mixer = PhantomRandom(seed: state ^ (number &* 0xd6e8_feb8_6659_fd93))
            state = mixer.next()
        }
        return PhantomRandom(seed: state)
    }

    /// A new order of the elements (Fisher and Yates).
    mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var elements = elements
        for last in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(last, Int(next() % UInt64(last + 1)))
        }
        return elements
    }
}
