/// A pool's derivative by its input. Adds to the input's gradient.
struct PoolingBackward {
    private let pooling: Pooling
    private let gradient: ValueMemory
    private let input: ValueMemory
    private let windows: PoolingWindows

    init(_ pooling: Pooling, gradient: ValueMemory, input: ValueMemory) {
        self.pooling = pooling
        self.gradient = gradient
        self.input = input
        windows = PoolingWindows(pooling, input: input.view.extent, output: gradient.view.extent)
    }

    /// The whole gradient goes to the window's largest value; among equal ones to the first, as in PyTorch.
    func runMaximum(values: ValueMemory) {
        let extent = input.view.extent
        forEachWindow { item, channel, window, share in
            let source = values.channel(channel, ofItem: item)
            var largest = -Float.infinity
            var winner: Int?
            for plane in window.planes {
                for row in window.rows {
                    for column in window.columns {
                        let index = (plane * extent.height + row) * extent.width + column
                        if winner == nil || source[index] > largest {
                            largest = source[index]
                            winner = index
                        }
                    }
                }
            }
            if let winner { input.channel(channel, ofItem: item)[winner] += share }
        }
    }

    /// Every position of the window gets the same share.
    func runAverage(countsPadding: Bool) {
        let extent = input.view.extent
        forEachWindow { item, channel, window, share in
            let inside = window.planes.count * window.rows.count * window.columns.count
            let part = share / Float(countsPadding ? pooling.kernel.volume : inside)
            let target = input.channel(channel, ofItem: item)
            for plane in window.planes {
                for row in window.rows {
                    let line = target + (plane * extent.height + row) * extent.width
                    for column in window.columns { line[column] += part }
                }
            }
        }
    }

    private struct Window {
        var planes: Range<Int>
        var rows: Range<Int>
        var columns: Range<Int>
    }

    private func forEachWindow(_ body: (_ item: Int, _ channel: Int, _ window: Window, _ share: Float) -> Void) {
        for item in 0..<input.batch {
            for channel in 0..<input.channels {
                var share = UnsafePointer(gradient.channel(channel, ofItem: item))
                for planes in windows.depth {
                    for rows in windows.height {
                        for columns in windows.width {
                            body(item, channel, Window(planes: planes, rows: rows, columns: columns), share.pointee)
                            share += 1
                        }
                    }
                }
            }
        }
    }
}
