import Foundation
import TensorStore
import Tensors
import Testing

/// What holds for every store.
@Suite struct TensorStoreConformanceTests {
    @Test(arguments: StoreKind.available)
    func tensorsComeBackAsTheyWentIn(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for shape in [[], [1], [0], [3, 0, 2], [5, 7], [1, 4, 96, 96, 61]] {
                let count = shape.reduce(1, *)
                let floats = try Tensor(shape: shape, floats: (0..<count).map { Float($0 % 255) })
                for type in ElementType.allCases {
                    let tensor = floats.converted(to: type)
                    let stored = try await store.put(tensor, key: "t:\(type)", lifetime: .seconds(3600))
                    #expect(stored.key == "t:\(type)")
                    #expect(stored.byteCount > tensor.buffer.count)
                    #expect(stored.checksum.count == 16)
                    #expect(try await store.get("t:\(type)") == tensor)
                    #expect(try await store.get(stored) == tensor)
                }
            }
        }
    }

    @Test(arguments: StoreKind.available)
    func aTensorThatIsASliceOfAnotherBufferIsStored(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let whole = TensorBuffer(copying: (0..<100).map { UInt8($0) })
            let tensor = try Tensor(shape: [7], elementType: .int16, buffer: whole.slice(3..<17))
            _ = try await store.put(tensor, key: "t", lifetime: .seconds(3600))
            #expect(try await store.get("t") == tensor)
        }
    }

    @Test(arguments: StoreKind.available)
    func anAbsentTensorIsMissingBeforeItsEndAndExpiredAfterwards(kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(await storeError { _ = try await store.get("t") } == .missing(key: "t"))
            let future = Date.now + 3600
            #expect(await storeError { _ = try await store.get("t", expiresAt: future) } == .missing(key: "t"))
            let past = Date.now - 1
            #expect(await storeError { _ = try await store.get("t", expiresAt: past) } == .expired(key: "t"))
        }
    }

    @Test(arguments: StoreKind.available)
    func aTensorIsForgottenAtTheEndOfItsLifetime(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stored = try await store.put(constantTensor(1), key: "t", lifetime: .milliseconds(30))
            #expect(try await eventually { try await !store.exists("t") })
            #expect(await storeError { _ = try await store.get(stored) } == .expired(key: "t"))
            #expect(try await store.keys(prefix: "").isEmpty)
            #expect(try await store.delete(["t"]) == 0)
        }
    }

    @Test(arguments: StoreKind.available)
    func puttingAgainReplacesTensorAndLifetime(kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.put(constantTensor(1), key: "t", lifetime: .seconds(3600))
            _ = try await store.put(constantTensor(2), key: "t", lifetime: .seconds(9000))
            #expect(try await store.get("t") == constantTensor(2))
            let remaining = try #require(try await store.remainingLifetime("t"))
            #expect(remaining > .seconds(3600) && remaining <= .seconds(9000))
        }
    }

    @Test(arguments: StoreKind.available)
    func deletingTellsHowManyThereWere(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let keys = (0..<300).map { "t:\($0)" }
            for key in keys { _ = try await store.put(constantTensor(1), key: key, lifetime: .seconds(3600)) }
            #expect(try await store.delete([]) == 0)
            #expect(try await store.delete(["t:1", "absent", "t:1"]) == 1)
            #expect(try await store.delete(keys) == 299)
            #expect(try await store.keys(prefix: "").isEmpty)
        }
    }

    @Test(arguments: StoreKind.available)
    func extendingNeverShortensALifetime(kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.put(constantTensor(1), key: "short", lifetime: .seconds(3600))
            _ = try await store.put(constantTensor(1), key: "long", lifetime: .seconds(90_000))
            #expect(try await store.extend(["short", "long", "absent"], lifetime: .seconds(10_000)) == 2)
            #expect(try #require(try await store.remainingLifetime("short")) > .seconds(3600))
            #expect(try #require(try await store.remainingLifetime("long")) > .seconds(10_000))
            #expect(try await store.extend([], lifetime: .seconds(1)) == 0)
        }
    }

    @Test(arguments: StoreKind.available)
    func theLifetimeOfAnAbsentTensorIsMissing(kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(await storeError { _ = try await store.remainingLifetime("t") } == .missing(key: "t"))
        }
    }

    @Test(arguments: StoreKind.available)
    func keysAreFoundByTheirVeryPrefix(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let keys = ["run:1:a", "run:1:b", "run:10:a", "r*n:1", "r?n", "r[u]n", "r\\n", "ré:\u{1f600}"]
            for key in keys { _ = try await store.put(constantTensor(1), key: key, lifetime: .seconds(3600)) }
            #expect(try await store.keys(prefix: "run:1:") == ["run:1:a", "run:1:b"])
            for special in ["r*", "r?", "r[", "r\\", "ré:\u{1f600}"] {
                #expect(try await store.keys(prefix: special).count == 1, "prefix \(special)")
            }
            #expect(try await store.keys(prefix: "") == keys.sorted())
        }
    }

    @Test(arguments: StoreKind.available)
    func anotherTensorThanTheExpectedIsCorrupt(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stored = try await store.put(constantTensor(1), key: "t", lifetime: .seconds(3600))
            _ = try await store.put(constantTensor(2), key: "t", lifetime: .seconds(3600))
            guard case .corrupt(key: "t", _) = await storeError({ _ = try await store.get(stored) }) else {
                Issue.record("expected corrupt")
                return
            }
        }
    }

    @Test(arguments: StoreKind.available)
    func argumentsThatCannotWorkAreRefused(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let tensor = try constantTensor(1)
            for lifetime in [Duration.zero, .seconds(-1), .seconds(Int64.max)] {
                guard
                    case .invalidArgument = await storeError({
                        _ = try await store.put(tensor, key: "t", lifetime: lifetime)
                    })
                else {
                    Issue.record("expected invalidArgument for \(lifetime)")
                    return
                }
            }
            guard
                case .invalidArgument = await storeError({
                    _ = try await store.put(tensor, key: "", lifetime: .seconds(1))
                })
            else {
                Issue.record("expected invalidArgument for an empty key")
                return
            }
            _ = try await store.put(tensor, key: "t", lifetime: .nanoseconds(1))
        }
    }

    @Test(arguments: StoreKind.available)
    func manyTasksAtOnceGetTheirOwnTensors(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let tensor = try constantTensor(Float(number), count: number % 7 == 0 ? 200_000 : number + 1)
                        for _ in 0..<3 {
                            _ = try await store.put(tensor, key: "t:\(number)", lifetime: .seconds(3600))
                            #expect(try await store.get("t:\(number)") == tensor)
                        }
                        #expect(try await store.delete(["t:\(number)"]) == 1)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.keys(prefix: "").isEmpty)
        }
    }

    @Test(arguments: StoreKind.available)
    func aCanceledTaskDoesNotHoldUpOthers(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let tensor = try constantTensor(1, count: 100_000)
            let tasks = (0..<50).map { number in
                Task { _ = try await store.put(tensor, key: "t:\(number)", lifetime: .seconds(3600)) }
            }
            for (number, task) in tasks.enumerated() where number % 2 == 0 { task.cancel() }
            for (number, task) in tasks.enumerated() where number % 2 == 1 { try await task.value }
            for task in tasks { _ = await task.result }
            #expect(try await store.get("t:49") == tensor)
        }
    }

    @Test(arguments: StoreKind.available)
    func aClosedStoreRefusesWork(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.ping()
            #expect(store.state == .connected)
            await store.close()
            #expect(store.state == .disconnected(reason: "it is closed"))
            #expect(await storeError { _ = try await store.get("t") } == .closed)
            #expect(await storeError { try await store.ping() } == .closed)
            await store.close()
        }
    }

    @Test func aFullStoreInMemoryIsOutOfMemoryUntilSomethingIsDeleted() async throws {
        let store = InMemoryTensorStore(maximumByteCount: 10_000)
        let tensor = try constantTensor(1, count: 1500)
        _ = try await store.put(tensor, key: "a", lifetime: .seconds(3600))
        guard
            case .outOfMemory(key: "b", _, _) = await storeError({
                _ = try await store.put(tensor, key: "b", lifetime: .seconds(3600))
            })
        else {
            Issue.record("expected outOfMemory")
            return
        }
        _ = try await store.put(tensor, key: "a", lifetime: .seconds(3600))
        #expect(try await store.get("a") == tensor)
        #expect(try await store.delete(["a"]) == 1)
        _ = try await store.put(tensor, key: "b", lifetime: .seconds(3600))
    }
}
