/// The five stages. One word names a stage everywhere: queue, executable, compose service, page.
package enum StageName: String, Codable, Sendable, CaseIterable {
    case ingestion
    case preprocessing
    case brainMetastasis = "brain-metastasis"
    case lymphNode = "lymph-node"
    case aggregation
}
