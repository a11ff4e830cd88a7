import Contracts
import Digests
import Foundation
import Imaging
import Tensors
import Testing

/// Real DICOM series against what other software made of them, where both are.
@Suite(.enabled(if: ReferenceData.root != nil && DICOMReader.isAvailable, ReferenceData.absence))
struct DICOMReferenceTests {
    private let root: String
    private let resolver: LocationResolver

    init() throws {
        root = try #require(ReferenceData.root)
        resolver = LocationResolver(roots: [root])
    }

    private func series(_ location: String, uid: String? = nil, all: Bool = true) throws -> LoadedVolume {
        var choice = DICOMReader.Choice(seriesInstanceUID: uid)
        choice.takesAllVolumes = all
        return try DICOMReader().read(resolver.locate(location), choice: choice, subject: location)
    }

    private func reference(_ path: String) throws -> LoadedVolume {
        var limits = NIfTILimits()
        limits.volumes = 1000
        return try NIfTIReader(limits: limits).read(resolver.resolve(path), subject: path)
    }

    /// The largest difference of voxels that lie at the same place in the world; nil where the grids differ.
    private func largestDifference(_ ours: Volume, _ theirs: Volume) throws -> Double? {
        let map = try theirs.affine.inverted().composed(with: ours.affine)
        var largest = 0.0
        for k in 0..<ours.shape[2] {
            for j in 0..<ours.shape[1] {
                for i in 0..<ours.shape[0] {
                    let place = map.apply(Point(Double(i), Double(j), Double(k)))
                    let index = Point(place.x.rounded(), place.y.rounded(), place.z.rounded())
                    guard (place - index).length < 0.02, let own = ours.value(i, j, k),
                        let other = theirs.value(Int(index.x), Int(index.y), Int(index.z))
                    else { return nil }
                    largest = max(largest, abs(own - other))
                }
            }
        }
        return largest
    }

    @Test(arguments: [
        ("neurolabusc+dcm_qa_ge/In/01_Ax_DWI_TENSOR_R2", "neurolabusc+dcm_qa_ge/Ref/Ax_DWI_TENSOR_R2_1.nii"),
        (
            "neurolabusc+dcm_qa_nih/In/20180918GE/mr_0004",
            "neurolabusc+dcm_qa_nih/Ref/DCM2NIIX_regression_test_4.nii"
        ),
        ("neurolabusc+dcm_qa_nih/In/20180918Si/mr_0003", "neurolabusc+dcm_qa_nih/Ref/EPI_PE=AP_3.nii"),
        ("neurolabusc+dcm_qa_nih/In/20180918Si/mr_0004", "neurolabusc+dcm_qa_nih/Ref/EPI_PE=PA_4.nii"),
        ("neurolabusc+dcm_qa_nih/In/20180918Si/mr_0005", "neurolabusc+dcm_qa_nih/Ref/EPI_PE=RL_5.nii"),
        ("neurolabusc+dcm_qa_nih/In/20180918Si/mr_0006", "neurolabusc+dcm_qa_nih/Ref/EPI_PE=LR_6.nii"),
    ])
    func seriesAreReadAsTheConvertersOwnReferenceHasThem(location: String, path: String) throws {
        let ours = try series(location)
        let theirs = try reference(path)
        #expect(ours.volumes.count == theirs.volumes.count)
        #expect(ours.volume.shape == theirs.volume.shape)
        #expect(ours.volume.affine.largestDifference(from: theirs.volume.affine, over: ours.volume.shape) < 0.01)
        for (own, other) in zip(ours.volumes, theirs.volumes) { #expect(own.tensor == other.tensor) }
    }

    @Test(arguments: [
        "ge/anatomical/001", "ge/anatomical/001_implicit", "ge/anatomical/001_single_slice", "ge/dti/001",
        "ge/dti/001_implicit", "ge/dti/002", "generic/compressed_rle/001", "generic/compressed/001",
        "generic/compressed_jpegls/001", "generic/compressed_j2k/001", "generic/compressed_jpeg/001",
        "generic/anatomical/001", "generic/anatomical/001_implicit", "siemens/anatomical/001",
        "siemens/anatomical/001_implicit",
    ])
    func seriesLieWhereDicom2niftiPutsThem(name: String) throws {
        let folder = "icometrix+dicom2nifti/tests/data/"
        let ours = try series(folder + name)
        let theirs = try reference(folder + name + "_ground_truth.nii.gz")
        #expect(ours.volumes.count == theirs.volumes.count)
        for (own, other) in zip(ours.volumes, theirs.volumes) {
            // nil: the grids differ.
            #expect(try largestDifference(own, other) == 0, "\(own.affine.rows) \(other.affine.rows)")
        }
    }

    @Test func halfOfASeriesIsReadAsDcm2niixReadsItAndSaysSo() throws {
        let ours = try series("giuseppefilitto+img-segm/testing/test_dcm", all: false)
        let data = try Data(contentsOf: URL(fileURLWithPath: root + "/REFERENCE_STATS.json"))
        let all = try JSONDecoder().decode([String: ReferenceData.Entry].self, from: data)
        let entry = try #require(all.first { $0.key.hasPrefix("dcm2niix") }?.value)
        #expect(ours.volume.shape == entry.shape)
        let rows = try #require(entry.affine).flatMap { $0 }
        let affine = try #require(Affine(rows: rows))
        #expect(ours.volume.affine.largestDifference(from: affine, over: entry.shape) < 1e-3)
        #expect(ReferenceData.digest(of: ours.volume) == entry.sha256)
        #expect(ours.notes.map(\.code) == [.missingSlices])
        #expect(ours.recognized?.sequence == .t2)
        // Slice 1 of the scanner is the uppermost one.
        let frames = try #require(ours.frames)
        #expect(frames.count == 15)
        #expect(abs(frames.origins[2] - -9.54018) < 1e-9)
    }

    @Test func oneImageInFiveEncodingsIsDecodedAlike() throws {
        let names = ["", "_RLE", "_big_endian", "_jpeg_2k_lossless", "_jpeg_ls_lossless"]
        let volumes = try names.map { try series("pypi+pydicom-data/emri_small\($0).dcm") }
        let first = try #require(volumes.first)
        #expect(first.volume.shape == [64, 64, 10])
        for (name, loaded) in zip(names, volumes) {
            #expect(loaded.volume.tensor == first.volume.tensor, "emri_small\(name)")
            #expect(loaded.notes.map(\.code) == [.geometryUnknown])
        }
    }

    @Test func aTruncatedImageIsRefused() throws {
        #expect(throws: (any Error).self) { try series("pypi+pydicom-data/emri_small_jpeg_2k_lossless_too_short.dcm") }
    }

    @Test func aSeriesIsChosenByItsUIDOutOfSeveral() throws {
        let folder = "neurolabusc+dcm_qa_nih/In/20180918Si"
        let error = #expect(throws: ImagingError.self) { try series(folder) }
        #expect(error?.code == .seriesAmbiguous)
        let uid = "1.3.12.2.1107.5.2.19.45160.2018091812280127958290597.0.0.0"
        #expect(error?.message.contains(uid) == true)
        let chosen = try series(folder, uid: uid)
        #expect(chosen.volume.tensor == (try reference("neurolabusc+dcm_qa_nih/Ref/EPI_PE=RL_5.nii").volume.tensor))
        #expect(chosen.seriesInstanceUID == uid)
        let missing = #expect(throws: ImagingError.self) { try series(folder, uid: "1.2.3") }
        #expect(missing?.code == .seriesMissing)
    }

    @Test func diffusionBecomesTheTraceAtTheHighestBValue() throws {
        let loaded = try series("neurolabusc+dcm_qa_ge/In/01_Ax_DWI_TENSOR_R2", all: false)
        #expect(loaded.volume.shape == [256, 256, 2])
        #expect(loaded.notes.contains { $0.code == .volumeChosen && $0.message.contains("b = 1000") })
        #expect(loaded.recognized?.sequence == .dwi)
        // The geometric mean of six directions, at a few voxels, by hand.
        let directions = Array(loaded.volumes.dropFirst())
        for (i, j) in [(128, 128), (100, 120), (140, 90)] {
            let values = directions.map { $0.value(i, j, 1) ?? 0 }
            let mean = values.contains(0) ? 0 : exp(values.map(log).reduce(0, +) / Double(values.count))
            let own = try #require(loaded.volume.value(i, j, 1))
            #expect(abs(own - mean) <= 1e-4 * max(1, mean))
        }
    }
}
