/// Maximum or average over windows: first over depth and height, one contiguous row at a time, then along the row.
///
/// A maximum ignores NaN where another number is in the window.
final class PoolingKernel: Kernel {
    enum Kind {
        case maximum
        case average(countsPadding: Bool)
    }

    private let kind: Kind
    private let pooling: Pooling
    private let input: ValueMemory
    private let output: ValueMemory
    private let workspace: Workspace
    private let windows: PoolingWindows

    init(_ kind: Kind, _ pooling: Pooling, input: ValueMemory, output: ValueMemory, workspace: Workspace) {
        self.kind = kind
        self.pooling = pooling
        self.input = input
        self.output = output
        self.workspace = workspace
        windows = PoolingWindows(pooling, input: input.view.extent, output: output.view.extent)
    }

    func run() {
        let channels = input.channels
        let operations = output.view.shape.count * output.batch * pooling.kernel.volume
        let workers = operations < 1_000_000 ? 1 : workspace.team.threads
        workspace.team.run(tasks: input.batch * channels, workers: workers) { task, worker in
            let (item, channel) = task.quotientAndRemainder(dividingBy: channels)
            let row = workspace.products[worker].floats(input.view.extent.width)
            pool(
                UnsafePointer(input.channel(channel, ofItem: item)), into: output.channel(channel, ofItem: item),
                row: row)
        }
    }

    private func pool(
        _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, row: UnsafeMutablePointer<Float>
    ) {
        let width = output.view.extent.width
        var destination = target
        for planes in windows.depth {
            for rows in windows.height {
                combine(source, planes: planes, rows: rows, into: row)
                for column in 0..<width {
                    let columns = windows.width[column]
                    destination[column] = reduce(row, columns, count: planes.count * rows.count * columns.count)
                }
                destination += width
            }
        }
    }

    private func combine(
        _ source: UnsafePointer<Float>, planes: Range<Int>, rows: Range<Int>, into target: UnsafeMutablePointer<Float>
    ) {
        let extent = input.view.extent
        var isFirst = true
        for plane in planes {
            for row in rows {
                let line = source + (plane * extent.height + row) * extent.width
                if isFirst {
                    target.update(from: line, count: extent.width)
                } else if case .maximum = kind {
                    Elementwise.maximum(line, into: target, count: extent.width)
                } else {
                    Elementwise.accumulate(line, into: target, count: extent.width)
                }
                isFirst = false
            }
        }
        if isFirst { target.update(repeating: 0, count: extent.width) }
    }

    @inline(__always)
    private func reduce(_ row: UnsafeMutablePointer<Float>, _ columns: Range<Int>, count: Int) -> Float {
        switch kind {
        case .maximum:
            var largest = -Float.infinity
            for column in columns where row[column] > largest { largest = row[column] }
            return largest
        case .average(let countsPadding):
            var sum: Float = 0
            for column in columns { sum += row[column] }
            return sum / Float(countsPadding ? pooling.kernel.volume : count)
        }
    }
}

/// The parts of all output positions' windows that lie inside the input, axis by axis.
struct PoolingWindows {
    let depth: [Range<Int>]
    let height: [Range<Int>]
    let width: [Range<Int>]

    init(_ pooling: Pooling, input: Extent, output: Extent) {
        func windows(_ count: Int, _ stride: Int, _ padding: Int, _ kernel: Int, _ extent: Int) -> [Range<Int>] {
            (0..<count).map { position in
                let start = position * stride - padding
                let first = max(start, 0)
                return first..<max(first, min(start + kernel, extent))
            }
        }
        depth = windows(
            output.depth, pooling.stride.depth, pooling.padding.depth, pooling.kernel.depth, input.depth)
        height = windows(
            output.height, pooling.stride.height, pooling.padding.height, pooling.kernel.height, input.height)
        width = windows(
            output.width, pooling.stride.width, pooling.padding.width, pooling.kernel.width, input.width)
    }
}
