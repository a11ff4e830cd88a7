/// How soon a study is wanted. Urgent work is drained before routine work at every stage.
package enum Priority: String, Codable, Sendable, CaseIterable {
    case urgent
    case routine
}
