import Tensors
import Testing

@Suite struct TensorTests {
    @Test func valuesComeBackAsTheyWentIn() throws {
        let tensor = try Tensor(shape: [2, 3], floats: [1, -2, 3.5, 0, .infinity, -0.0])
        #expect(tensor.count == 6)
        #expect(tensor.elementType == .float32)
        #expect(tensor.floats() == [1, -2, 3.5, 0, .infinity, -0.0])
        #expect(tensor.withFloats { Array($0) } == tensor.floats())
    }

    @Test func elementsAreLittleEndian() throws {
        let tensor = try Tensor(shape: [1], floats: [1])
        #expect(tensor.buffer.withUnsafeBytes { Array($0) } == [0, 0, 0x80, 0x3f])
    }

    @Test func aShapeWithoutAxesHoldsOneNumber() throws {
        #expect(try Tensor(shape: [], floats: [7]).floats() == [7])
    }

    @Test func aShapeWithAnEmptyAxisHoldsNone() throws {
        let tensor = try Tensor(shape: [4, 0, 2], floats: [])
        #expect(tensor.count == 0)
        #expect(tensor.floats().isEmpty)
        #expect(tensor.converted(to: .uint8).count == 0)
        #expect(tensor.withFloats { $0.count } == 0)
    }

    @Test func aWrongNumberOfValuesIsRefused() {
        #expect(throws: TensorError.elementCountMismatch(shape: [2, 2], expected: 4, got: 3)) {
            try Tensor(shape: [2, 2], floats: [1, 2, 3])
        }
    }

    @Test func aBufferOfAnotherSizeIsRefused() {
        let buffer = TensorBuffer(copying: [1, 2, 3])
        #expect(throws: TensorError.byteCountMismatch(shape: [2], elementType: .int16, expected: 4, got: 3)) {
            try Tensor(shape: [2], elementType: .int16, buffer: buffer)
        }
    }

    @Test(arguments: [[-1], [0, -1], [Int.max, 2], [1 << 32, 1 << 32], [Int.max]])
    func anImpossibleShapeIsRefused(shape: [Int]) {
        do {
            _ = try Tensor(shape: shape, elementType: .float32) { _ in }
            Issue.record("expected invalidShape")
        } catch let error as TensorError {
            guard case .invalidShape(shape, _) = error else {
                Issue.record("expected invalidShape, got \(error)")
                return
            }
        } catch {
            Issue.record("unexpected \(error)")
        }
    }

    @Test func whatTheFillingThrowsComesThrough() {
        struct Stop: Error {}
        #expect(throws: Stop.self) { try Tensor(shape: [4], elementType: .uint8) { _ in throw Stop() } }
    }

    @Test func reshapingSharesTheBytes() throws {
        let tensor = try Tensor(shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
        let flat = try tensor.reshaped(to: [6])
        #expect(flat.buffer === tensor.buffer)
        #expect(throws: TensorError.self) { try tensor.reshaped(to: [7]) }
    }

    @Test func equalityLooksAtShapeTypeAndBytes() throws {
        let tensor = try Tensor(shape: [2], floats: [1, .nan])
        #expect(try tensor == Tensor(shape: [2], floats: [1, .nan]))
        #expect(try tensor != Tensor(shape: [1, 2], floats: [1, .nan]))
        #expect(try tensor != Tensor(shape: [2], floats: [1, 2]))
        #expect(tensor != tensor.converted(to: .float16))
    }

    @Test func descriptionsShowNoValues() throws {
        let tensor = try Tensor(shape: [2], floats: [123.25, 456.5])
        #expect("\(tensor)" == "float32[2]")
        #expect(
            "\(TensorError.shapeMismatch(operation: "matmul", expected: [8, 16], got: [16, 8]))"
                == "matmul: expected shape [8, 16], got [16, 8]")
    }
}

@Suite struct TensorBufferTests {
    @Test func allocatedMemoryIsAligned() {
        for count in [0, 1, 63, 4097, (2 << 20) - 1, 2 << 20, (6 << 20) + 1] {
            let buffer = TensorBuffer.filled(count: count) { $0.initializeMemory(as: UInt8.self, repeating: 7) }
            #expect(buffer.count == count)
            #expect(buffer.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) % 64 } == 0)
            #expect(buffer.withUnsafeBytes { $0.allSatisfy { $0 == 7 } })
        }
    }

    @Test func aSliceKeepsAdoptedMemoryUntilTheLastUserIsGone() {
        final class Counter: @unchecked Sendable { var freed = 0 }  // touched by this test's thread only
        let counter = Counter()
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        for index in 0..<8 { memory[index] = UInt8(index) }
        let address = UInt(bitPattern: memory.baseAddress)
        var slice: TensorBuffer?
        do {
            let whole = TensorBuffer(adopting: UnsafeRawBufferPointer(memory)) {
                counter.freed += 1
                UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
            }
            slice = whole.slice(2..<6).slice(1..<3)
        }
        #expect(counter.freed == 0)
        #expect(slice?.withUnsafeBytes { Array($0) } == [3, 4])
        slice = nil
        #expect(counter.freed == 1)
    }

    @Test func buffersAreEqualWhenTheirBytesAre() {
        let buffer = TensorBuffer(copying: [1, 2, 3, 1, 2, 3])
        #expect(buffer.slice(0..<3) == buffer.slice(3..<6))
        #expect(buffer.slice(0..<3) != buffer.slice(1..<4))
        #expect(buffer.slice(0..<0) == TensorBuffer(copying: []))
    }
}
