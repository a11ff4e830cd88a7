import Contracts
import Imaging

/// A reader who judges each criterion by its latent, with errors of judgement, and calls by the paper's rules.
struct SimulatedReader: Sendable {
    let name: String
    /// Standard deviation of the error of one judgement, in standard deviations of the latent.
    let error: Double
    /// Above this a criterion counts; 0 lies between the statuses.
    let threshold: Double

    static let all = [
        SimulatedReader(name: "reader1", error: 1.1, threshold: 0.1),
        SimulatedReader(name: "reader2", error: 0.9, threshold: -0.15),
    ]

    /// - Returns: whether the reader calls a picture metastatic, without and with the short axis.
    func calls(_ node: PhantomLymphNode, random: inout PhantomRandom) -> (without: Bool, with: Bool) {
        let met = node.latents.count { $0 + error * random.gaussian() > threshold }
        let calls = [ReaderCall.Rule.withoutShortAxis, .paper].map {
            ReaderCall(rule: $0, shortAxisMM: node.shortAxis, met: met).isSuspicious
        }
        return (calls[0], calls[1])
    }
}
