/// Keys of a run's tensors. They hold the run's id, never anything of the patient.
package enum TensorKey {
    package static func series(_ index: Int, run: String) -> String { "oncorelay:\(run):series:\(index)" }
    package static func mask(run: String) -> String { "oncorelay:\(run):mask" }

    package static func patch(_ specification: String, region: String, run: String) -> String {
        "oncorelay:\(run):region:\(region):patch:\(specification)"
    }

    package static func heatmap(_ node: String, region: String, run: String) -> String {
        "oncorelay:\(run):region:\(region):heatmap:\(node)"
    }
}
