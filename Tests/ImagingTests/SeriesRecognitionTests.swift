import Contracts
import Foundation
import Imaging
import Testing

/// Sidecars as scanners of three makers write them (times in seconds there): what is what, and by which words.
struct SeriesRecognitionTests {
    struct Example: CustomTestStringConvertible, Sendable {
        let name: String
        let sidecar: String
        let sequence: MRSequence?
        var other: String?

        var testDescription: String { name }
    }

    private static let examples: [Example] = [
        // Siemens.
        Example(
            name: "Siemens MPRAGE",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"t1_mprage_sag_p2_iso","ScanningSequence":"GR\\IR",
                "SequenceVariant":"SK\\SP\\MP","SequenceName":"*tfl3d1_16","MRAcquisitionType":"3D","EchoTime":0.00298,
                "RepetitionTime":2.3,"InversionTime":0.9,"FlipAngle":9,"ImageType":["ORIGINAL","PRIMARY","M","ND","NORM"]}
                """#, sequence: .t1),
        Example(
            name: "Siemens MPRAGE after contrast",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"t1_mprage_tra_KM","ScanningSequence":"GR\\IR",
                "SequenceName":"*tfl3d1","EchoTime":0.00298,"RepetitionTime":2.3,"InversionTime":0.9,
                "ContrastBolusAgent":"Gadovist 7.5 ml"}
                """#, sequence: .t1ce),
        Example(
            name: "Siemens T1 TSE",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"t1_tse_tra","ScanningSequence":"SE","SequenceName":"*tse2d1_3",
                "EchoTime":0.0094,"RepetitionTime":0.55,"FlipAngle":150}
                """#, sequence: .t1),
        Example(
            name: "Siemens T2 TSE",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"t2_tse_tra_p2","ScanningSequence":"SE",
                "SequenceName":"*tse2d1_15","EchoTime":0.1,"RepetitionTime":5.2}
                """#, sequence: .t2),
        Example(
            name: "Siemens dark fluid",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"t2_tirm_tra_dark-fluid","ScanningSequence":"SE\\IR",
                "SequenceName":"*tir2d1_16","EchoTime":0.081,"RepetitionTime":9,"InversionTime":2.5}
                """#, sequence: .flair),
        Example(
            name: "Siemens SPACE FLAIR",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"space dark fluid","ScanningSequence":"SE\\IR",
                "SequenceName":"*spcir_278ns","MRAcquisitionType":"3D","EchoTime":0.388,"RepetitionTime":5,
                "InversionTime":1.8}
                """#, sequence: .flair),
        Example(
            name: "Siemens trace",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"ep2d_diff_3scan_trace_p2_TRACEW","ScanningSequence":"EP",
                "SequenceName":"*ep_b1000t","EchoTime":0.089,"RepetitionTime":6.6,
                "ImageType":["DERIVED","PRIMARY","DIFFUSION","TRACEW","ND","NORM"]}
                """#, sequence: .dwi),
        Example(
            name: "Siemens ADC",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"ep2d_diff_3scan_trace_p2_ADC","ScanningSequence":"EP",
                "SequenceName":"*ep_b0_1000","EchoTime":0.089,"RepetitionTime":6.6,
                "ImageType":["DERIVED","PRIMARY","DIFFUSION","ADC","ND","NORM"]}
                """#, sequence: nil, other: "ADC"),
        Example(
            name: "Siemens localizer",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"localizer","ScanningSequence":"GR","SequenceName":"*fl2d1",
                "EchoTime":0.004,"RepetitionTime":0.0086,"SequenceVariant":"SP\\OSP"}
                """#, sequence: nil, other: "localizer"),
        Example(
            name: "Siemens SWI",
            sidecar: #"""
                {"Manufacturer":"Siemens","SeriesDescription":"SWI_Images","ScanningSequence":"GR","SequenceName":"*swi3d1r",
                "SequenceVariant":"SP","EchoTime":0.02,"RepetitionTime":0.028}
                """#, sequence: nil, other: "susceptibility"),
        // GE.
        Example(
            name: "GE BRAVO after contrast",
            sidecar: #"""
                {"Manufacturer":"GE","SeriesDescription":"Ax T1 BRAVO +C","ScanningSequence":"GR","SequenceVariant":"SS\\SP\\SK",
                "SequenceName":"efgre3d","MRAcquisitionType":"3D","EchoTime":0.0032,"RepetitionTime":0.0084,
                "InversionTime":0.45}
                """#, sequence: .t1ce),
        Example(
            name: "GE T1 FLAIR",
            sidecar: #"""
                {"Manufacturer":"GE","SeriesDescription":"Ax T1 FLAIR","ScanningSequence":"SE\\IR","EchoTime":0.024,
                "RepetitionTime":2.5,"InversionTime":0.86}
                """#, sequence: .t1),
        Example(
            name: "GE T2 FLAIR",
            sidecar: #"""
                {"Manufacturer":"GE","SeriesDescription":"Ax T2 FLAIR","ScanningSequence":"SE\\IR","EchoTime":0.12,
                "RepetitionTime":8.5,"InversionTime":2.25}
                """#, sequence: .flair),
        Example(
            name: "GE PROPELLER T2",
            sidecar: #"""
                {"Manufacturer":"GE","SeriesDescription":"Ax T2 PROPELLER","ScanningSequence":"SE","EchoTime":0.105,
                "RepetitionTime":5.8}
                """#, sequence: .t2),
        Example(
            name: "GE DWI",
            sidecar: #"""
                {"Manufacturer":"GE","SeriesDescription":"Ax DWI b1000","ScanningSequence":"EP\\SE","SequenceName":"epi2",
                "EchoTime":0.078,"RepetitionTime":8}
                """#, sequence: .dwi),
        Example(
            name: "GE ADC",
            sidecar: #"""
                {"Manufacturer":"GE","SeriesDescription":"Apparent Diffusion Coefficient (mm2/s)","ScanningSequence":"EP\\SE",
                "ImageType":["DERIVED","SECONDARY","ADC"],"EchoTime":0.078,"RepetitionTime":8}
                """#, sequence: nil, other: "ADC"),
        // Philips.
        Example(
            name: "Philips T1W SE",
            sidecar: #"""
                {"Manufacturer":"Philips","SeriesDescription":"T1W_SE_CLEAR","ScanningSequence":"SE","EchoTime":0.015,
                "RepetitionTime":0.6,"PulseSequenceName":"SE"}
                """#, sequence: .t1),
        Example(
            name: "Philips T1 TFE with gadolinium",
            sidecar: #"""
                {"Manufacturer":"Philips","SeriesDescription":"sT1W_3D_TFE GD","ScanningSequence":"GR","SequenceVariant":"MP",
                "EchoTime":0.0046,"RepetitionTime":0.0099}
                """#, sequence: .t1ce),
        Example(
            name: "Philips T2 TSE",
            sidecar: #"""
                {"Manufacturer":"Philips","SeriesDescription":"T2W_TSE","ScanningSequence":"SE","EchoTime":0.08,
                "RepetitionTime":3}
                """#, sequence: .t2),
        Example(
            name: "Philips FLAIR without an inversion time",
            sidecar: #"""
                {"Manufacturer":"Philips","SeriesDescription":"FLAIR_longTR","ScanningSequence":"IR","EchoTime":0.125,
                "RepetitionTime":11}
                """#, sequence: .flair),
        Example(
            name: "Philips DWI",
            sidecar: #"""
                {"Manufacturer":"Philips","SeriesDescription":"DWI_3dir","ScanningSequence":"SE","DiffusionBValue":1000,
                "EchoTime":0.07,"RepetitionTime":3.5}
                """#, sequence: .dwi),
        Example(
            name: "T1 before contrast, though the medium is on record",
            sidecar: #"""
                {"SeriesDescription":"AX T1 PRE","ScanningSequence":"SE","EchoTime":0.01,"RepetitionTime":0.6,
                "ContrastBolusAgent":"GADAVIST"}
                """#, sequence: .t1),
        Example(
            name: "FLAIR after contrast is FLAIR",
            sidecar: #"""
                {"SeriesDescription":"AX FLAIR POST","ScanningSequence":"SE\\IR","EchoTime":0.12,"RepetitionTime":9,
                "InversionTime":2.4,"ContrastBolusAgent":"GADAVIST"}
                """#, sequence: .flair),
        Example(
            name: "no words, T1 by its times",
            sidecar: #"{"ScanningSequence":"SE","EchoTime":0.012,"RepetitionTime":0.6}"#, sequence: .t1),
        Example(
            name: "no words, T2 by its times",
            sidecar: #"{"ScanningSequence":"SE","EchoTime":0.1,"RepetitionTime":4}"#, sequence: .t2),
        Example(
            name: "BOLD", sidecar: #"{"SeriesDescription":"rest bold","ScanningSequence":"EP\\GR","EchoTime":0.03}"#,
            sequence: nil, other: "functional"),
        Example(name: "nothing known", sidecar: #"{"Manufacturer":"Siemens"}"#, sequence: nil),
    ]

    @Test(arguments: examples)
    func aSidecarSaysWhatItsSeriesIs(example: Example) throws {
        let attributes = try #require(SeriesAttributes(sidecar: Array(example.sidecar.utf8)))
        let recognized = SeriesRecognition.recognize(attributes)
        #expect(recognized.sequence == example.sequence, "\(recognized)")
        #expect(recognized.other == example.other, "\(recognized)")
        #expect((recognized.sequence == nil && recognized.other == nil) || !recognized.evidence.isEmpty)
        // Evidence is in words of ours.
        let text = recognized.evidence.joined(separator: " ")
        for word in ["Gadovist", "GADAVIST", "mprage", "CLEAR", "PROPELLER"] { #expect(!text.contains(word)) }
    }

    @Test func theBValueIsRead() throws {
        let trace = try #require(
            SeriesAttributes(
                sidecar: Array(
                    #"{"SequenceName":"*ep_b1000t","ImageType":["DERIVED","PRIMARY","DIFFUSION","TRACEW"]}"#.utf8)))
        #expect(SeriesRecognition.recognize(trace).bValue == 1000)
    }

    @Test func thePublishersWordWinsAndAContradictionIsNoted() throws {
        let attributes = try #require(SeriesAttributes(sidecar: Array(Self.examples[1].sidecar.utf8)))
        let recognized = SeriesRecognition.recognize(attributes)
        #expect(SeriesRecognition.contradiction(.t1ce, recognized) == nil)
        let note = try #require(SeriesRecognition.contradiction(.t1, recognized))
        #expect(note.code == .sequenceContradicted)
        #expect(note.message.contains("published as T1, which is used; the scanner's words say T1CE"))
        #expect(SeriesRecognition.contradiction(.t1, nil) == nil)
        #expect(SeriesRecognition.contradiction(.t1, RecognizedSeries(sequence: nil, evidence: [])) == nil)
    }

    @Test(arguments: ["", "[]", "null", "{", #"{"EchoTime":"soon","ImageType":7,"ScanningSequence":{}}"#, "{}"])
    func oddSidecarsSayNothing(text: String) {
        guard let attributes = SeriesAttributes(sidecar: Array(text.utf8)) else { return }
        #expect(SeriesRecognition.recognize(attributes).sequence == nil)
    }

    @Test(
        .enabled(if: ReferenceData.root != nil, ReferenceData.absence),
        arguments: [
            ("neurolabusc+dcm_qa_ge/Ref/Ax_DWI_TENSOR_R2_1.json", MRSequence.dwi as MRSequence?, nil as String?),
            ("neurolabusc+dcm_qa_nih/Ref/DCM2NIIX_regression_test_4.json", nil, "functional"),
            ("neurolabusc+dcm_qa_nih/Ref/EPI_PE=AP_3.json", nil, "functional"),
        ])
    func realSidecarsAreRecognized(path: String, sequence: MRSequence?, other: String?) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: #require(ReferenceData.root) + "/" + path))
        let recognized = SeriesRecognition.recognize(try #require(SeriesAttributes(sidecar: Array(data))))
        #expect(recognized.sequence == sequence, "\(recognized)")
        #expect(recognized.other == other, "\(recognized)")
    }
}
