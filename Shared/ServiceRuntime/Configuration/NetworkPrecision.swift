/// What the setting `precision` may be.
package enum NetworkPrecision: String, Sendable, CaseIterable {
    /// As the processor is good at.
    case automatic = "auto"
    case float32 = "fp32"
    case bfloat16 = "bf16"
}
