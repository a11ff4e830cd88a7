/// How aggregation keeps studies and tells of them.
package struct AggregationSettings: Sendable, Equatable {
    /// The ledger's SQLite file; nil keeps it in memory, for one process's life.
    package var ledgerPath: String?
    /// Folder for heat maps, made when it is not there; nil keeps none.
    package var heatmapFolder: String?
    /// Whether `result.progress` is published.
    package var progress: Bool
    /// Days for which ended runs are remembered; a study submitted again later is a new run. 0 remembers for ever.
    package var retentionDays: Double

    package init(
        ledgerPath: String? = nil, heatmapFolder: String? = nil, progress: Bool = true, retentionDays: Double = 30
    ) {
        self.ledgerPath = ledgerPath
        self.heatmapFolder = heatmapFolder
        self.progress = progress
        self.retentionDays = retentionDays
    }
}
