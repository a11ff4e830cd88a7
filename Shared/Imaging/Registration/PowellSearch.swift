/// Powell's method over the six parameters of a rigid motion, in mm: a degree is taken for as much as a mm (it moves the
/// rim of a head by about that).
struct PowellSearch {
    /// The first step of a search along a line, mm or degrees.
    let step: Double
    /// Steps below this end a search.
    let tolerance: Double

    func maximize(
        from start: RigidMotion, _ value: (RigidMotion) -> Double
    ) -> (motion: RigidMotion, value: Double) {
        func motion(_ p: [Double]) -> RigidMotion {
            RigidMotion(
                rotation: Point(p[3], p[4], p[5]), translation: Point(p[0], p[1], p[2]), center: start.center)
        }
        func objective(_ p: [Double]) -> Double { value(motion(p)) }
        var place = [
            start.translation.x, start.translation.y, start.translation.z, start.rotation.x, start.rotation.y,
            start.rotation.z,
        ]
        var best = objective(place)
        var directions = (0..<6).map { axis in (0..<6).map { $0 == axis ? 1.0 : 0.0 } }
        var length = step
        for _ in 0..<12 {
            let origin = place
            let originValue = best
            var largest = (gain: 0.0, index: 0)
            for (index, direction) in directions.enumerated() {
                let before = best
                (place, best) = search(from: place, best, along: direction, step: length, objective)
                if best - before > largest.gain { largest = (best - before, index) }
            }
            let moved = zip(place, origin).map { $0 - $1 }
            let distance = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
            if distance > tolerance {
                let direction = moved.map { $0 / distance }
                let before = best
                (place, best) = search(from: place, best, along: direction, step: length, objective)
                if best > before { directions[largest.index] = direction }
            }
            if best - originValue < 1e-7, length <= 4 * tolerance { break }
            length = max(length * 0.5, 2 * tolerance)
        }
        return (motion(place), best)
    }

    /// The best place along a line: steps grow while they help, then a parabola through the best three places.
    private func search(
        from origin: [Double], _ value: Double, along direction: [Double], step: Double,
        _ objective: ([Double]) -> Double
    ) -> ([Double], Double) {
        func place(_ t: Double) -> [Double] { zip(origin, direction).map { $0 + $1 * t } }
        var known: [(t: Double, value: Double)] = [(0, value)]
        func ask(_ t: Double) -> Double {
            let found = objective(place(t))
            known.append((t, found))
            return found
        }
        let right = ask(step)
        let left = ask(-step)
        if right > value || left > value {
            let sign = right > left ? 1.0 : -1.0
            var (last, reach) = (max(right, left), step)
            for _ in 0..<6 {
                let next = ask(sign * reach * 2)
                guard next > last else { break }
                (last, reach) = (next, reach * 2)
            }
        }
        for _ in 0..<4 {
            let sorted = known.sorted { $0.t < $1.t }
            guard let top = sorted.indices.max(by: { sorted[$0].value < sorted[$1].value }), top > 0,
                top < sorted.count - 1
            else { break }
            let (a, b, c) = (sorted[top - 1], sorted[top], sorted[top + 1])
            guard c.t - a.t > 2 * tolerance else { break }
            let (left, right) = ((b.value - a.value) * (b.t - c.t), (b.value - c.value) * (b.t - a.t))
            let divisor = 2 * (left - right)
            guard divisor != 0 else { break }
            var t = b.t - (left * (b.t - c.t) - right * (b.t - a.t)) / divisor
            if !(t > a.t && t < c.t) || abs(t - b.t) < tolerance * 0.25 {
                // The parabola says nothing new: look into the wider half.
                t = c.t - b.t > b.t - a.t ? (b.t + c.t) / 2 : (a.t + b.t) / 2
            }
            _ = ask(t)
        }
        let winner = known.max { $0.value < $1.value } ?? (0, value)
        return winner.value > value ? (place(winner.t), winner.value) : (origin, value)
    }
}
