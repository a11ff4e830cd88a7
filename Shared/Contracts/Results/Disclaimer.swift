/// The sentence that every result carries.
package enum Disclaimer {
    package static let text = "Research use only. Not for diagnosis."
}
