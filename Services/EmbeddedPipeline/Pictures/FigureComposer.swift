import Contracts
import Imaging
import Tensors

/// What is shown of a region, and what is written beside it.
struct FigureComposer: Sendable {
    let study: StudySubmitted
    let result: StudyResult
    let series: [Volume]
    let heatmapFolder: String?

    /// Room around a lesion in its close-up, as a multiple of its longest diameter; in mm at least and at most.
    private static let closeUp = (factor: 2.4, least: 60.0, most: 160.0)
    /// A node is small, and so is its close-up.
    private static let nodeCloseUp = (factor: 2.6, least: 30.0, most: 120.0)

    /// - Throws: what a heat map's file throws when it cannot be read.
    func figure(of finding: RegionFinding, region: Region, image: Int?) throws -> RegionFigure {
        let maps = try heatmaps(of: finding)
        let rows =
            if let image { nodeRows(region, image, maps) } else { lesionRows(region, maps) }
        return RegionFigure(
            title: "\(finding.id)   \(Self.headline(finding))", lines: FigureText(finding).lines,
            warnings: FigureText(finding).warnings(result), rows: rows, disclaimer: result.disclaimer)
    }

    private static func headline(_ finding: RegionFinding) -> String {
        guard let probability = finding.probabilities[finding.label] else { return finding.label }
        return "\(finding.label)   p \(FigureText.fixed(probability, 2))"
    }

    // MARK: Lesions

    private func lesionRows(_ region: Region, _ maps: [NodeMap]) -> [RegionFigure.Row] {
        let index = background
        let volume = series[index]
        let name = study.series[index].sequence.rawValue
        // Of a whole head the scalp's fat is the brightest; what matters is the brain.
        let whole = RobustRange(volume, upperPercentile: 97)
        let window = whole.lower...whole.upper
        let planes: [Plane] = [.axial, .coronal, .sagittal]
        let near = Self.side(region, Self.closeUp)
        // One extent for all three, so that sizes can be compared by eye.
        let extent = Self.wholeExtent(volume)
        let range = RobustRange(volume, upperPercentile: 99.7)
        let nearWindow = Self.narrowed(range.lower...range.upper, volume, region)
        func panels(_ extent: Double, center: Point?, heat: Volume?, closeUp: Double?) -> [SlicePanel] {
            planes.map { plane in
                let through = region.centroid
                var view = SliceView(plane, through: through, extent: SIMD2(extent, extent))
                let caption = "\(name)  \(plane.rawValue)\n\(view.place)"
                if let center { view.center = Self.shifted(center, onto: view, through: through) }
                return SlicePanel(
                    view: view, volume: volume, window: center == nil ? nearWindow : window, region: region,
                    heatmap: heat,
                    closeUp: closeUp, caption: caption)
            }
        }
        let middle = volume.affine.apply(
            Point(Double(volume.shape[0] - 1), Double(volume.shape[1] - 1), Double(volume.shape[2] - 1)) * 0.5)
        var rows = [
            RegionFigure.Row(
                heading: "Where it lies", panels: panels(extent, center: middle, heat: nil, closeUp: nil),
                hasHeat: false),
            RegionFigure.Row(
                heading: "Close-up", panels: panels(near, center: nil, heat: nil, closeUp: nil), hasHeat: false),
        ]
        for map in maps {
            rows.append(
                RegionFigure.Row(
                    heading: map.heading, panels: panels(near, center: nil, heat: map.volume, closeUp: nil),
                    hasHeat: true))
        }
        return rows
    }

    // MARK: Nodes

    private func nodeRows(_ region: Region, _ image: Int, _ maps: [NodeMap]) -> [RegionFigure.Row] {
        let volume = series[image]
        let plane = study.series[image].plane ?? Plane.acquired(volume)
        let frame = SliceFrame(plane: plane, of: volume.orientation)
        let center = Self.sectionCenter(region, volume, plane) ?? region.centroid
        let window = Self.window(volume)
        let name = study.series[image].sequence.rawValue
        let near = Self.side(region, Self.nodeCloseUp)
        func panel(
            _ view: SliceView, _ label: String, heat: Volume? = nil, closeUp: Double? = nil, shows: Bool = true
        ) -> SlicePanel {
            SlicePanel(
                view: view, volume: volume, window: window, region: shows ? region : nil, heatmap: heat,
                closeUp: closeUp, caption: label)
        }
        let extents = (0..<3).map { Double(volume.shape[$0]) * volume.spacing[$0] }
        let side = max(extents[frame.rowAxis], extents[frame.columnAxis])
        var whole = SliceView(frame, of: volume, through: center, extent: SIMD2(side, side))
        let place = whole.place
        let middle = volume.affine.apply(
            Point(Double(volume.shape[0] - 1), Double(volume.shape[1] - 1), Double(volume.shape[2] - 1)) * 0.5)
        whole.center = Self.shifted(middle, onto: whole, through: center)
        let closer = SliceView(frame, of: volume, through: center, extent: SIMD2(near, near))
        let caption = "\(name)  \(plane.rawValue)\n\(place)"
        var rows = [
            RegionFigure.Row(
                heading: "Largest cross-section",
                panels: [
                    panel(whole, caption), panel(closer, caption + "\nas it is", shows: false),
                    panel(closer, caption + "\noutlined"),
                ], hasHeat: false)
        ]
        let others = Plane.allCases.filter { $0 != plane }.map { other in
            let view = SliceView(
                SliceFrame(plane: other, of: volume.orientation), of: volume, through: region.centroid,
                extent: SIMD2(near, near))
            return panel(view, "\(name)  \(other.rawValue)\nreformatted")
        }
        for map in maps {
            rows.append(
                RegionFigure.Row(
                    heading: map.heading, panels: [panel(closer, caption, heat: map.volume)] + others, hasHeat: true))
        }
        if maps.isEmpty { rows.append(RegionFigure.Row(heading: "Across", panels: others, hasHeat: false)) }
        return rows
    }

    /// The middle of the cross-section that the network is shown.
    private static func sectionCenter(_ region: Region, _ volume: Volume, _ plane: Plane) -> Point? {
        guard let section = try? CrossSection(of: region, in: volume, plane: plane) else { return nil }
        var voxel = Point.zero
        voxel[section.frame.sliceAxis] = Double(section.slice)
        voxel[section.frame.rowAxis] = Double(section.rows.lowerBound + section.rows.upperBound) / 2
        voxel[section.frame.columnAxis] = Double(section.columns.lowerBound + section.columns.upperBound) / 2
        return volume.affine.apply(voxel)
    }

    // MARK: What both need

    /// The point of a view's plane that lies nearest to another point.
    private static func shifted(_ point: Point, onto view: SliceView, through: Point) -> Point {
        let normal = view.right.cross(view.down)
        return point + normal * (through - point).dot(normal)
    }

    private static func side(_ region: Region, _ room: (factor: Double, least: Double, most: Double)) -> Double {
        min(max(region.location.longestDiameterMM * room.factor, room.least), room.most)
    }

    private static func wholeExtent(_ volume: Volume) -> Double {
        let corners = (0..<8).map { corner in
            volume.affine.applyLinear(
                Point(
                    corner & 1 == 0 ? 0 : Double(volume.shape[0]), corner & 2 == 0 ? 0 : Double(volume.shape[1]),
                    corner & 4 == 0 ? 0 : Double(volume.shape[2])))
        }
        return (0..<3).map { axis in
            let values = corners.map { $0[axis] }
            return (values.max() ?? 0) - (values.min() ?? 0)
        }.max() ?? 200
    }

    /// What shows a lesion best, of what is there. Where the patient moved, only a series that the networks were shown
    /// where it lies fits the heat maps.
    private var background: Int {
        let notes = result.quality.series.map { $0.notes?.map(\.code) ?? [] }
        let hasMoved = notes.contains { $0.contains(.registered) }
        let order: [MRSequence] = [.t1ce, .flair, .t2, .t1, .dwi]
        let candidates = order.compactMap { sequence in study.series.firstIndex { $0.sequence == sequence } }
        let inPlace = candidates.filter { index in
            notes.indices.contains(index) && notes[index].contains(.stepApplied) && !notes[index].contains(.registered)
        }
        return (hasMoved ? inPlace.first : nil) ?? candidates.first ?? 0
    }

    private static func window(_ volume: Volume) -> ClosedRange<Double> {
        let range = IntensityNormalization(
            method: .minMax, measured: .all, lowerPercentile: 0.5, upperPercentile: 99.7
        ).parameters(for: volume)
        return range.shift...range.shift + 1 / max(range.scale, .leastNormalMagnitude)
    }

    /// For close-ups: white is what is bright around the lesion, not the scalp's fat.
    private static func narrowed(
        _ window: ClosedRange<Double>, _ volume: Volume, _ region: Region
    ) -> ClosedRange<Double> {
        let size = (0..<3).map { region.maximum[$0] - region.minimum[$0] }
        let step = max(0.5, (size.max() ?? 20) / 40)
        let counts = size.map { max(1, min(64, Int($0 / step) + 1)) }
        guard
            let grid = try? PatchGrid(
                center: (region.minimum + region.maximum) * 0.5, size: counts, spacing: Point(step, step, step)),
            let patch = try? PatchSampler(outside: .edge).sample([PatchChannel(volume)], on: grid)
        else { return window }
        let sorted = patch.tensor.floats().sorted()
        guard !sorted.isEmpty else { return window }
        let bright = Double(sorted[Int(Double(sorted.count - 1) * 0.995)]) * 1.1
        let upper = min(
            window.upperBound, max(bright, window.lowerBound + 0.15 * (window.upperBound - window.lowerBound)))
        return window.lowerBound...upper
    }

    private struct NodeMap {
        let heading: String
        let volume: Volume
    }

    private func heatmaps(of finding: RegionFinding) throws -> [NodeMap] {
        guard let heatmapFolder else { return [] }
        var maps: [NodeMap] = []
        for node in finding.decisionPath {
            guard let heatmap = node.heatmap, let file = heatmap.file, file.hasPrefix("file:") else { continue }
            let volume = try NIfTIReader().read(
                path: heatmapFolder + "/" + file.dropFirst("file:".count), subject: "heat map of \(node.node)"
            ).volume
            maps.append(
                NodeMap(
                    heading:
                        "Where the network looked for \"\(heatmap.label)\"  (\(node.node), layer \(heatmap.layer))",
                    volume: volume))
        }
        return maps
    }
}
