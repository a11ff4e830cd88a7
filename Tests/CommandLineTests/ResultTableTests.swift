import Contracts
import Testing

@testable import oncorelay

@Suite struct ResultTableTests {
    @Test func tableTellsFindingPathDoubtsModelsAndDisclaimer() {
        #expect(
            ResultTable(ResultFixture.partial, width: 90).text == """
                Study 1.2.826.0.1.3680043.10.1561.1
                brain-metastasis · partial · revision 2 · site north
                run 5f9a1b9e-0c53-5b07-9a39-3f2f8f4f1a11 · issued 2026-11-22T13:00:00.000Z

                Origin bc  p 0.62
                  bc 0.62  nsclc 0.26  gic 0.13
                  rule: volume-weighted mean; 50% of decided regions agree

                Region lesion-1 bc
                  at L 23.1 A 4.2 S 51.0 mm · 1234 mm³ · longest 17.3 mm · short axis 9.5 mm
                  decision          says               p  threshold
                  lung-vs-non-lung  non-lung  lung 0.200      0.500
                  bc-vs-gic         bc          bc 0.832      0.450
                  bc 0.62  nsclc 0.26  gic 0.13
                  heat map of bc-vs-gic for bc: file:5f9a/lesion-1.nii.gz
                  from T1, T1CE

                Region lesion-2 indeterminate
                  at R 10.0 P 20.5 I 3.3 mm · 80 mm³ · longest 6.0 mm · short axis 4.5 mm
                  decision          says       p  threshold
                  lung-vs-non-lung  abstained  –          –
                  lung-vs-non-lung abstained (missing-sequence): sequence DWI is absent
                  abstained (missing-sequence): sequence DWI is absent

                Images
                  T1: ok, covers 100%
                  FLAIR: degraded, covers 88% (slices of 6 mm)

                Models
                  UNTRAINED weights answered: these findings are arithmetic, not medicine. Set
                  ONCORELAY_MODELS to a folder of trained models.
                  lung-vs-non-lung: lung 1.2.0 (weights abababababab) – Research use only.
                  bc-vs-gic: UNTRAINED bc-vs-gic-untrained 0.0.0 (weights cdcdcdcdcdcd) – UNTRAINED:
                    seeded random weights.

                What went wrong on the way
                  brain-metastasis (missing-sequence): sequence DWI: sclc-vs-nsclc needs it

                Time
                  ingestion 820 ms · aggregation 1.5 ms · total 2.35 s

                Research use only. Not for diagnosis.
                """)
    }

    @Test func criteriaOfANodeStandBesideTheNetworksAnswer() {
        var result = ResultFixture.partial
        result.regions[0].criteria = NodeCriteria(
            plane: .axial, borderIrregularity: Criterion(value: 0.31, threshold: 0.045),
            signalHeterogeneity: Criterion(value: 0.05, threshold: 0.1),
            roundness: Criterion(value: 0.75, threshold: 0.7), shortAxisMM: 11,
            withoutShortAxis: ReaderCall(rule: .withoutShortAxis, shortAxisMM: 11, met: 2),
            withShortAxis: ReaderCall(rule: .paper, shortAxisMM: 11, met: 2))
        #expect(
            ResultTable(result, width: 200).text.contains(
                """
                  criteria: border 0.31 (met), signal 0.05 (not met), roundness 0.75 (met); suspicious (2 met, 2 \
                needed), with the short axis not suspicious (2 met, 3 needed)
                """))
    }

    @Test(arguments: [40, 60, 90, 200])
    func noLineIsWiderThanTheTerminal(width: Int) {
        let lines = ResultTable(ResultFixture.partial, width: width).text.split(separator: "\n")
        // Identifiers and times are never cut: they are there to be copied.
        let tooWide = lines.filter { $0.count > width && !$0.hasPrefix("run ") && !$0.hasPrefix("brain-") }
        #expect(tooWide.isEmpty)
    }

    @Test func trainedModelsBringNoWarning() {
        var result = ResultFixture.final
        result.models.removeLast()
        #expect(!ResultTable(result).text.contains("UNTRAINED"))
    }

    @Test func lymphNodeResultsSpeakOfTheNodalStatus() {
        var result = ResultFixture.final
        result.task = .lymphNode
        result.patient = PatientFinding(
            origin: nil, status: "positive", probability: 0.9, probabilities: ["positive": 0.9, "negative": 0.1],
            rule: "any positive node", agreement: 1)
        #expect(ResultTable(result).text.contains("Nodal status positive  p 0.90"))
    }

    @Test func colorAppearsOnlyWhereItIsWanted() {
        let escape = "\u{1B}["
        #expect(!ResultTable(ResultFixture.partial, width: 90).text.contains(escape))
        #expect(ResultTable(ResultFixture.partial, width: 90, style: TextStyle(isColored: true)).text.contains(escape))
    }

    @Test func textFromMessagesCannotSteerTheTerminal() {
        var result = ResultFixture.final
        result.regions[0].id = "lesion\u{1B}[2J"
        result.regions[0].decisionPath[1].node = "bc\r\u{9B}31m"
        let text = ResultTable(result, width: 90).text
        #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x9B || $0.value == 13 })
    }
}
