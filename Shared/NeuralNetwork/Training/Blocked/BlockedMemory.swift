internal import CKernels
internal import Glibc

/// The memory of all values and gradients for one batch shape.
final class BlockedMemory {
    let scratch: EngineScratch
    let shared = SharedScratch()
    private var values: [EngineValue?] = []
    /// Of row-major values that convolutions read: their copies in the engine's type.
    private var narrowed: [Int: TrainingMemory] = [:]
    private var owners: [TrainingMemory] = []
    private let schedule: TrainingSchedule
    private let threads: Int

    /// Bytes of values and gradients, for a check before anything is allocated.
    static func byteCount(_ plan: BlockedPlan, _ schedule: TrainingSchedule, type: BlockedType) -> Int {
        var total = 0.0
        for (index, layer) in schedule.shapes.enumerated() where plan.exists[index] && plan.places[index] == nil {
            let shape = BlockedShape(batch: schedule.batch, layer: layer, type: type, threads: 1)
            let isBlocked = plan.isBlocked[index]
            let bytes = isBlocked ? Double(shape.byteCount) : Double(shape.batch * layer.count * 4)
            total += bytes * (schedule.needsGradient[index] ? 2 : 1)
            // An operation without a kernel for blocks works on rows of its own.
            if isBlocked, plan.steps.contains(where: { $0.output == index && !$0.isFast }) {
                total += Double(shape.batch * layer.count * 16)
            }
        }
        return Int(min(total, 1e18))
    }

    /// - Throws: `TrainingError.outOfMemory`.
    init(_ plan: BlockedPlan, _ schedule: TrainingSchedule, type: BlockedType, threads: Int) throws(TrainingError) {
        self.schedule = schedule
        self.threads = threads
        var largest = 0
        var values = [EngineValue?](repeating: nil, count: schedule.shapes.count)
        var owners: [TrainingMemory] = []
        func allocate(_ bytes: Int) throws(TrainingError) -> TrainingMemory {
            let memory = try TrainingMemory(count: (bytes + 3) / 4)
            owners.append(memory)
            return memory
        }
        func shape(_ index: Int) -> BlockedShape {
            BlockedShape(batch: schedule.batch, layer: schedule.shapes[index], type: type, threads: threads)
        }
        for (index, layer) in schedule.shapes.enumerated() where plan.exists[index] && plan.places[index] == nil {
            let needsGradient = schedule.needsGradient[index]
            if plan.isBlocked[index] {
                let shape = shape(index)
                func view() throws(TrainingError) -> BlockedView {
                    BlockedView(
                        pointer: UnsafeMutableRawPointer(try allocate(shape.byteCount).pointer),
                        itemStride: shape.itemCount)
                }
                values[index] = .blocked(
                    shape: shape, value: try view(), gradient: needsGradient ? try view() : nil)
                if needsGradient { largest = max(largest, shape.byteCount) }
            } else {
                func plain() throws(TrainingError) -> ValueMemory {
                    ValueMemory(
                        pointer: try allocate(schedule.batch * layer.count * 4).pointer, batch: schedule.batch,
                        view: .init(shape: layer, offset: 0, itemStride: layer.count))
                }
                values[index] = .plain(
                    PortableValue(value: try plain(), gradient: needsGradient ? try plain() : nil))
            }
        }
        for (part, place) in plan.places {
            guard case .blocked(_, let value, let gradient) = values[place.concatenation] else { continue }
            let shape = shape(part)
            func slice(_ whole: BlockedView) -> BlockedView {
                BlockedView(
                    pointer: whole.pointer + place.channels * shape.positions * type.byteCount,
                    itemStride: whole.itemStride)
            }
            values[part] = .blocked(
                shape: shape, value: slice(value),
                gradient: schedule.needsGradient[part] ? gradient.map(slice) : nil)
        }
        scratch = try EngineScratch(bytes: largest)
        if type == .bfloat16 {
            for node in schedule.graph.nodes {
                guard case .convolution = node.operation, !plan.isBlocked[node.inputs[0]] else { continue }
                let count = schedule.batch * schedule.shapes[node.inputs[0]].count
                narrowed[node.inputs[0]] = try TrainingMemory(count: (count + 1) / 2)
            }
        }
        self.values = values
        self.owners = owners
    }

    /// - Throws: `TrainingError.nothingToDerive` for a node within a step.
    func value(_ node: Int) throws(TrainingError) -> EngineValue {
        guard let value = values[node] else { throw .nothingToDerive }
        return value
    }

    /// Where a convolution reads row-major values of the engine's type.
    func planarPointer(_ node: Int) -> UnsafeMutableRawPointer? {
        if let copy = narrowed[node] { return UnsafeMutableRawPointer(copy.pointer) }
        guard case .plain(let plain) = values[node] else { return nil }
        return UnsafeMutableRawPointer(plain.value.pointer)
    }

    /// Brings a node's copy up to date, where it has one.
    func narrow(_ node: Int) {
        guard let copy = narrowed[node], case .plain(let plain) = values[node] else { return }
        ork_training_narrow(
            plain.value.pointer, UnsafeMutableRawPointer(copy.pointer).assumingMemoryBound(to: UInt16.self),
            Int64(plain.value.batch * plain.value.view.shape.count), Int32(threads))
    }

    func setInput(_ input: UnsafePointer<Float>) {
        let node = schedule.graph.input
        write(input, to: node, { $0.value }, { $0.value })
        narrow(node)
    }

    /// Nil: zeros.
    func setGradient(of node: Int, _ values: [Float]?) {
        let values = values ?? [Float](repeating: 0, count: schedule.batch * schedule.shapes[node].count)
        values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            write(base, to: node, { $0.gradient }, { $0.gradient })
        }
    }

    func clearPlainGradient(of node: Int) {
        guard case .plain(let plain) = values[node], let gradient = plain.gradient else { return }
        memset(gradient.pointer, 0, gradient.batch * gradient.view.shape.count * 4)
    }

    func copyValue(of node: Int, into target: UnsafeMutablePointer<Float>) {
        read(node, into: target, { $0.value }, { $0.value })
    }

    func copyGradient(of node: Int, into target: UnsafeMutablePointer<Float>) {
        read(node, into: target, { $0.gradient }, { $0.gradient })
    }

    private typealias Views = (value: BlockedView, gradient: BlockedView?)

    private func write(
        _ source: UnsafePointer<Float>, to node: Int, _ plainPart: (PortableValue) -> ValueMemory?,
        _ blockedPart: (Views) -> BlockedView?
    ) {
        switch values[node] {
        case .plain(let plain):
            plainPart(plain)?.pointer.update(from: source, count: schedule.batch * schedule.shapes[node].count)
        case .blocked(let shape, let value, let gradient):
            guard let view = blockedPart((value, gradient)) else { return }
            ork_blocked_from_plain(shape.kernel, source, Int32(shape.channels), view.kernel, false)
        case nil: break
        }
    }

    private func read(
        _ node: Int, into target: UnsafeMutablePointer<Float>, _ plainPart: (PortableValue) -> ValueMemory?,
        _ blockedPart: (Views) -> BlockedView?
    ) {
        switch values[node] {
        case .plain(let plain):
            guard let memory = plainPart(plain) else { return }
            target.update(from: memory.pointer, count: schedule.batch * schedule.shapes[node].count)
        case .blocked(let shape, let value, let gradient):
            guard let view = blockedPart((value, gradient)) else { return }
            ork_blocked_to_plain(shape.kernel, view.kernel, Int32(shape.channels), target)
        case nil: break
        }
    }
}
