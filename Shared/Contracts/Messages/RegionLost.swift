/// `region.lost`: a region's tensor is no longer in the store; it must be made again from the study's own files.
package struct RegionLost: EventPayload, Equatable {
    package static let event = "region.lost"

    package var runID: String
    package var regionID: String
    package var error: Failure

    package init(runID: String, regionID: String, error: Failure) {
        self.runID = runID
        self.regionID = regionID
        self.error = error
    }
}
