/// `delivery.parked`: a stage gave a delivery up; a person must look at it.
package struct DeliveryParked: EventPayload, Equatable {
    package static let event = "delivery.parked"

    package var runID: String
    /// Absent when the delivery concerned the whole study.
    package var regionID: String?
    package var stage: StageName
    package var error: Failure

    package init(runID: String, regionID: String?, stage: StageName, error: Failure) {
        self.runID = runID
        self.regionID = regionID
        self.stage = stage
        self.error = error
    }
}
