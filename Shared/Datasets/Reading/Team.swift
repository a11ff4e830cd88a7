import Dispatch
import Synchronization

/// Work on all cores.
enum Team {
    /// - Returns: what `body` makes of each element, in their order.
    static func map<Element: Sendable, Result: Sendable>(
        _ elements: [Element], _ body: @Sendable (Element) -> Result
    ) -> [Result] {
        let results = Mutex([Result?](repeating: nil, count: elements.count))
        withoutActuallyEscaping(body) { body in
            DispatchQueue.concurrentPerform(iterations: elements.count) { index in
                let result = body(elements[index])
                results.withLock { $0[index] = result }
            }
        }
        return results.withLock { $0.compactMap(\.self) }
    }
}
