import Foundation
import TensorStore
import Tensors
import TestSupport
import Testing

/// What holds when server and network fail.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server or redis-cli is not installed"), .serialized)
struct RedisFaultTests {
    private func store(
        _ server: RedisServer, connections: Int = 2, timeout: Duration = .seconds(20)
    ) throws -> RedisTensorStore {
        var configuration = try RedisConfiguration(url: server.url)
        configuration.connectionCount = connections
        configuration.connectTimeout = timeout
        configuration.commandTimeout = timeout
        configuration.backOff = .milliseconds(1) ... .milliseconds(20)
        return try RedisTensorStore(configuration)
    }

    @Test func aServerThatCameBackEmptyMakesTensorsMissing() async throws {
        let server = try RedisServer.start()
        let store = try store(server)
        let stored = try await store.put(constantTensor(1), key: "t", lifetime: .seconds(3600))
        try server.restart(empty: true)
        #expect(await storeError { _ = try await store.get(stored) } == .missing(key: "t"))
        await store.close()
    }

    @Test func aServerThatCameBackWithItsDataKeepsTensors() async throws {
        let server = try RedisServer.start()
        let store = try store(server)
        let stored = try await store.put(constantTensor(1), key: "t", lifetime: .seconds(3600))
        try server.restart(empty: false)
        #expect(try await store.get(stored) == constantTensor(1))
        await store.close()
    }

    @Test func anAbsentServerIsUnavailableUntilItReturns() async throws {
        let server = try RedisServer.start()
        let store = try store(server)
        let tensor = try constantTensor(1)
        _ = try await store.put(tensor, key: "t", lifetime: .seconds(3600))
        server.kill9()
        for _ in 0..<5 {
            guard case .unavailable = await storeError({ _ = try await store.get("t") }) else {
                Issue.record("expected unavailable")
                return
            }
        }
        guard case .disconnected = store.state else {
            Issue.record("expected disconnected")
            return
        }
        try server.restart(empty: true)
        // Nobody asks: the store must find the server by itself.
        #expect(try await eventually { store.state == .connected })
        _ = try await store.put(tensor, key: "t", lifetime: .seconds(3600))
        #expect(try await store.get("t") == tensor)
        await store.close()
    }

    @Test func aServerThatNeverWasIsUnavailable() async throws {
        for url in ["redis://127.0.0.1:\(freePort())", "unix:///nonexistent/socket"] {
            let store = try RedisTensorStore(RedisConfiguration(url: url))
            guard case .unavailable = await storeError({ try await store.ping() }) else {
                Issue.record("expected unavailable for \(url)")
                continue
            }
            await store.close()
        }
    }

    @Test func aHangingServerTimesOutAndItsLateAnswersMeetNobody() async throws {
        let server = try RedisServer.start()
        let store = try store(server, connections: 1, timeout: .milliseconds(300))
        for number in 0..<3 {
            _ = try await store.put(constantTensor(Float(number)), key: "t:\(number)", lifetime: .seconds(3600))
        }
        server.pause()
        for _ in 0..<2 {
            guard case .timedOut = await storeError({ _ = try await store.get("t:0") }) else {
                Issue.record("expected timedOut")
                return
            }
        }
        server.resume()
        #expect(try await eventually { await storeError { try await store.ping() } == nil })
        for number in [1, 2, 1, 0] {
            #expect(try await store.get("t:\(number)") == constantTensor(Float(number)))
        }
        #expect(await storeError { _ = try await store.get("absent") } == .missing(key: "absent"))
        await store.close()
    }

    @Test func aLargeTensorThatStallsTimesOut() async throws {
        let server = try RedisServer.start()
        let store = try store(server, connections: 1, timeout: .milliseconds(300))
        let tensor = try constantTensor(1, count: 4 << 20)
        try await store.ping()
        server.pause()
        guard
            case .timedOut(operation: "SET", _) = await storeError({
                _ = try await store.put(tensor, key: "t", lifetime: .seconds(3600))
            })
        else {
            Issue.record("expected timedOut")
            return
        }
        server.resume()
        #expect(
            try await eventually {
                await storeError { _ = try await store.put(tensor, key: "t", lifetime: .seconds(3600)) } == nil
            })
        #expect(try await store.get("t") == tensor)
        await store.close()
    }

    @Test func killedConnectionsAreMadeAgainUnnoticed() async throws {
        let server = try RedisServer.start()
        let store = try store(server)
        let tensor = try constantTensor(1)
        _ = try await store.put(tensor, key: "t", lifetime: .seconds(3600))
        for _ in 0..<10 {
            try server.cli(["CLIENT", "KILL", "TYPE", "normal"])
            #expect(try await store.get("t") == tensor)
        }
        #expect(store.state == .connected)
        await store.close()
    }

    @Test func tensorsStayRightWhileConnectionsAreKilled() async throws {
        let server = try RedisServer.start()
        let store = try store(server, connections: 4)
        let killer = Task {
            while !Task.isCancelled {
                _ = try? server.cli(["CLIENT", "KILL", "TYPE", "normal"])
                try? await Task.sleep(for: .milliseconds(2))
            }
        }
        let wrong = await withTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    var wrong = 0
                    for turn in 0..<30 {
                        let key = "t:\(number)"
                        do {
                            let tensor = try constantTensor(Float(number * 1000 + turn), count: 1 << (turn % 18))
                            _ = try await store.put(tensor, key: key, lifetime: .seconds(3600))
                            if try await store.get(key) != tensor { wrong += 1 }
                        } catch TensorStoreError.unavailable {
                            // Two losses in a row are reported rather than hidden.
                        } catch {
                            wrong += 1
                        }
                    }
                    return wrong
                }
            }
            return await group.reduce(0, +)
        }
        killer.cancel()
        await killer.value
        #expect(wrong == 0)
        try await store.ping()
        await store.close()
    }

    @Test func noMoreConnectionsAreOpenedThanAllowed() async throws {
        let server = try RedisServer.start()
        let store = try store(server, connections: 3)
        let tensor = try constantTensor(1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask { _ = try await store.put(tensor, key: "t:\(number)", lifetime: .seconds(3600)) }
            }
            try await group.waitForAll()
        }
        let clients = try server.cli(["CLIENT", "LIST"]).split(separator: "\n").filter { $0.contains("name=oncorelay") }
        #expect((1...3).contains(clients.count))
        await store.close()
        #expect(
            try await eventually { try !server.cli(["CLIENT", "LIST"]).contains("name=oncorelay") })
    }

    @Test func aServerWithoutFreePlacesIsUnavailable() async throws {
        let server = try RedisServer.start()
        try server.cli(["CONFIG", "SET", "maxclients", "1"])
        let first = try store(server, connections: 1)
        try await first.ping()
        let second = try store(server, connections: 1)
        guard case .unavailable = await storeError({ try await second.ping() }) else {
            Issue.record("expected unavailable")
            return
        }
        await first.close()
        #expect(try await eventually { second.state == .connected })
        await second.close()
    }
}
