import Contracts
import Foundation
import Imaging
import Tensors
import Testing

/// Regions that are drawn or grown, and what readers' rules make of a node.
struct RegionKindTests {
    /// A volume of float32 from what each voxel is.
    private static func volume(
        _ shape: [Int], _ spacing: Point, _ value: (_ i: Int, _ j: Int, _ k: Int) -> Float
    ) throws -> Volume {
        var values: [Float] = []
        for k in 0..<shape[2] {
            for j in 0..<shape[1] { for i in 0..<shape[0] { values.append(value(i, j, k)) } }
        }
        let middle = Point(
            Double(shape[0] - 1) * spacing.x, Double(shape[1] - 1) * spacing.y, Double(shape[2] - 1) * spacing.z)
        return try Volume(
            tensor: Tensor(shape: shape.reversed(), floats: values),
            affine: Affine(spacing: spacing, origin: middle * -0.5))
    }

    @Test func lesionsAreGrownFromSeeds() async throws {
        try await PipelineHarness.run { harness in
            var study = try harness.folder.brainStudy("1.2.3.1")
            // A ball of 12 mm in a cube of 64 mm, with a little texture.
            let ball = try Self.volume([32, 32, 32], Point(2, 2, 2)) { i, j, k in
                let offset = Point(Double(i) - 15.5, Double(j) - 15.5, Double(k) - 15.5) * 2
                return (offset.length <= 12 ? 300 : 100) + Float((i * 7 + j * 5 + k * 3) % 5)
            }
            let index = try #require(study.series.firstIndex { $0.sequence == .t1ce })
            study.series[index].location = try harness.folder.write(ball, harness.folder.fresh("ball.nii"))
            study.regions = SubmittedRegions(seeds: [
                RegionSeed(id: "in-world", frame: .world, series: index, point: [3, -2, 1]),
                RegionSeed(frame: .voxel, series: index, point: [15, 17, 12], radiusMM: 25),
            ])
            let ending = try await harness.ending(of: study)
            #expect(ending.event == ResultFinal.event)
            let regions = try ending.result().regions
            #expect(regions.map(\.id) == ["in-world", "seed-2"])
            for region in regions {
                #expect(abs(region.location.volumeMM3 / (4 / 3 * Double.pi * 1728) - 1) < 0.05)
                #expect(Point(region.location.centroidRAS).length < 0.2)
                #expect(abs(region.location.longestDiameterMM - 24) < 2.5)
                #expect(region.location.touchesBorder == false)
            }
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    @Test func aSeedThatRunsAwayIsRefused() async throws {
        try await PipelineHarness.run { harness in
            var study = try harness.folder.brainStudy("1.2.3.1")
            let even = try Self.volume([32, 32, 32], Point(2, 2, 2)) { i, _, _ in Float(i % 2) }
            study.series[0].location = try harness.folder.write(even, harness.folder.fresh("even.nii"))
            study.regions = SubmittedRegions(seeds: [RegionSeed(frame: .world, series: 0, point: [0, 0, 0])])
            let ending = try await harness.ending(of: study)
            #expect(ending.event == ResultRejected.event)
            #expect(try ending.payload(ResultRejected.self).error.code == .seedInvalid)
        }
    }

    /// An ImageJ selection: a polygon of whole pixels (kind 0) or an oval (kind 2).
    private static func selection(_ kind: UInt8, _ corners: [(x: Int, y: Int)]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64 + (kind == 0 ? 4 * corners.count : 0))
        func put(_ value: Int, _ offset: Int) {
            bytes[offset] = UInt8(value >> 8 & 255)
            bytes[offset + 1] = UInt8(value & 255)
        }
        bytes.replaceSubrange(0..<4, with: Array("Iout".utf8))
        put(227, 4)
        bytes[6] = kind
        let (xs, ys) = (corners.map(\.x), corners.map(\.y))
        let (left, top) = (xs.min() ?? 0, ys.min() ?? 0)
        for (place, value) in [top, left, ys.max() ?? 0, xs.max() ?? 0].enumerated() { put(value, 8 + 2 * place) }
        guard kind == 0 else { return bytes }
        put(corners.count, 16)
        for (index, corner) in corners.enumerated() {
            put(corner.x - left, 64 + 2 * index)
            put(corner.y - top, 64 + 2 * (corners.count + index))
        }
        return bytes
    }

    @Test func nodesAreThoseThatContoursAreDrawnAround() async throws {
        try await PipelineHarness.run { harness in
            var study = try harness.folder.nodeStudy("1.2.3.1")
            let volume = try harness.folder.volume("node/t2.nii.gz")
            let drawn = [
                Self.selection(0, [(10, 20), (22, 20), (22, 28), (10, 28)]), Self.selection(2, [(30, 30), (42, 38)]),
            ]
            study.regions = SubmittedRegions(
                contours: try zip(["square", "oval"], zip([5, 7], drawn)).map { id, one in
                    RegionContour(
                        id: id, series: 0, slice: one.0,
                        location: try harness.folder.write(one.1, harness.folder.fresh("\(id).roi")))
                })
            let ending = try await harness.ending(of: study)
            try ResultChecks(ending: ending, study: study, harness: harness)
                .expectComplete(regions: ["square", "oval"])
            let regions = try ending.result().regions
            let voxel = volume.spacing.x * volume.spacing.y * volume.spacing.z
            #expect(abs(regions[0].location.volumeMM3 - 96 * voxel) < 1e-6 * 96 * voxel)
            #expect(abs(regions[1].location.volumeMM3 / (Double.pi * 6 * 4 * voxel) - 1) < 0.08)
            // Slices are counted from 1.
            for (region, middle) in zip(regions, [Point(15.5, 23.5, 4), Point(35.5, 33.5, 6)]) {
                #expect((Point(region.location.centroidRAS) - volume.affine.apply(middle)).length < 0.01)
                #expect(region.criteria?.plane == .axial)
            }
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    /// A round, ragged, mixed node and an oval, smooth, even one, both 7 mm across their short axis.
    @Test func criteriaAndReadersRulesStandBesideTheNetworksAnswer() async throws {
        try await PipelineHarness.run { harness in
            var study = try harness.folder.nodeStudy("1.2.3.1")
            let shape = [96, 96, 5]
            func place(_ i: Int, _ j: Int) -> (first: Double, isFirst: Bool, isSecond: Bool) {
                let (x, y) = (Double(i - 28) * 0.5, Double(j - 48) * 0.5)
                let first = 4.5 * (1 + 0.18 * cos(7 * atan2(y, x)))
                let (u, v) = (Double(i - 68) * 0.5, Double(j - 48) * 0.5)
                return (x, (x * x + y * y).squareRoot() <= first, (u / 7) * (u / 7) + (v / 3.5) * (v / 3.5) <= 1)
            }
            // A little texture, as no two slices of a patient are the same.
            let pelvis = try Self.volume(shape, Point(0.5, 0.5, 3)) { i, j, k in
                let place = place(i, j)
                let texture = Float((i * 7 + j * 13 + k * 5 + i * j) % 11)
                if place.isFirst { return (place.first < 0 ? 400 : 700) + texture }
                return (place.isSecond ? 500 : 200) + texture
            }
            let mask = try pelvis.labelMap { i, j, k in
                guard 1...3 ~= k else { return 0 }
                let place = place(i, j)
                return place.isFirst ? 1 : place.isSecond ? 2 : 0
            }
            study.series[0].location = try harness.folder.write(pelvis, harness.folder.fresh("t2.nii"))
            study.regions = SubmittedRegions(
                mask: RegionMask(
                    location: try harness.folder.write(mask, harness.folder.fresh("m.nii")), labels: [1, 2]))
            let ending = try await harness.ending(of: study)
            try ResultChecks(ending: ending, study: study, harness: harness)
                .expectComplete(regions: ["label-1", "label-2"])
            let criteria = try ending.result().regions.map { try #require($0.criteria) }
            for one in criteria {
                let met = [one.borderIrregularity, one.signalHeterogeneity, one.roundness].count { $0.isMet }
                #expect(one.withoutShortAxis == ReaderCall(rule: .withoutShortAxis, shortAxisMM: 0, met: met))
                #expect(one.withShortAxis == ReaderCall(rule: .paper, shortAxisMM: one.shortAxisMM, met: met))
            }
            #expect(criteria[0].borderIrregularity.isMet && criteria[0].signalHeterogeneity.isMet)
            // 0.18 / √2 for a cosine; 150 / 550 for two halves of 400 and 700.
            #expect(abs(criteria[0].borderIrregularity.value - 0.127) < 0.03)
            #expect(abs(criteria[0].signalHeterogeneity.value - 0.273) < 0.02)
            #expect(criteria[0].roundness.value > 0.9)
            #expect(criteria[0].withoutShortAxis.isSuspicious)
            #expect(abs(criteria[1].roundness.value - 0.5) < 0.03)
            #expect(abs(criteria[1].shortAxisMM - 7) < 0.6)
            #expect(!criteria[1].withoutShortAxis.isSuspicious && !criteria[1].withShortAxis.isSuspicious)
            try EventSchemas.expectValid(harness.journal.events)
        }
    }
}
