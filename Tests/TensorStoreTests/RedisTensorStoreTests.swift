import Foundation
import TensorStore
import Tensors
import TestSupport
import Testing

/// What holds for Redis besides: the stored form, accounts, limits.
@Suite(.enabled(if: RedisServer.isInstalled, "redis-server or redis-cli is not installed"))
struct RedisTensorStoreTests {
    @Test func nothingButTheTensorIsLeftInRedis() async throws {
        let server = try RedisServer.start()
        let store = try RedisTensorStore(RedisConfiguration(url: server.url + "/5"))
        _ = try await store.put(constantTensor(1), key: "t", lifetime: .seconds(3600))
        _ = try await store.get("t")
        _ = try await store.extend(["t", "u"], lifetime: .seconds(7200))
        #expect(try server.cli(["-n", "5", "KEYS", "*"]) == "t")
        #expect(try server.cli(["-n", "5", "TYPE", "t"]) == "string")
        #expect(try server.cli(["-n", "0", "DBSIZE"]) == "0")
        let remaining = try #require(Int(try server.cli(["-n", "5", "PTTL", "t"])))
        #expect(remaining > 3_600_000 && remaining <= 7_200_000)
        #expect(try server.cli(["CLIENT", "LIST"]).contains("name=oncorelay"))
        await store.close()
    }

    @Test(.enabled(if: PythonSafetensors.isAvailable, Comment(rawValue: PythonSafetensors.reason)))
    func pythonReadsTheStoredTensor() async throws {
        let server = try RedisServer.start()
        let store = try RedisTensorStore(RedisConfiguration(url: server.url))
        _ = try await store.put(Tensor(shape: [2, 2], floats: [1, 2.5, -3, 4]), key: "t", lifetime: .seconds(3600))
        let script = """
            import socket, sys, safetensors.numpy
            s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            s.sendall(b"GET t\\r\\n")
            f = s.makefile("rb")
            blob = f.read(int(f.readline()[1:]))
            tensor = safetensors.numpy.load(blob)["tensor"]
            print(tensor.dtype, tensor.tolist())
            """
        #expect(try PythonSafetensors.run(script, ["\(server.port)"]) == "float32 [[1.0, 2.5], [-3.0, 4.0]]\n")
        await store.close()
    }

    @Test func damagedValuesAreCorrupt() async throws {
        let server = try RedisServer.start()
        let store = try RedisTensorStore(RedisConfiguration(url: server.url))
        let tensor = try constantTensor(1, count: 10_000)
        let size = try await store.put(tensor, key: "flipped", lifetime: .seconds(3600)).byteCount
        _ = try await store.put(tensor, key: "longer", lifetime: .seconds(3600))
        try server.cli(["SETRANGE", "flipped", "\(size - 4000)", "x"])
        try server.cli(["APPEND", "longer", "x"])
        try server.cli(["SET", "other", "something else"])
        try server.cli(["SET", "empty", ""])
        try server.cli(["LPUSH", "list", "x"])
        for key in ["flipped", "longer", "other", "empty", "list"] {
            guard case .corrupt(key: key, _) = await storeError({ _ = try await store.get(key) }) else {
                Issue.record("expected corrupt for \(key)")
                continue
            }
        }
        #expect(store.state == .connected)
        _ = try await store.put(tensor, key: "list", lifetime: .seconds(3600))
        #expect(try await store.get("list") == tensor)
        await store.close()
    }

    @Test func aFullServerIsOutOfMemoryAndDeletingStillWorks() async throws {
        var options = RedisServer.Options()
        options.maximumMemory = "8mb"
        let server = try RedisServer.start(options)
        let store = try RedisTensorStore(RedisConfiguration(url: server.url))
        let tensor = try constantTensor(1, count: 250_000)
        var stored: [String] = []
        var refusal: TensorStoreError?
        while refusal == nil, stored.count < 100 {
            let key = "t:\(stored.count)"
            refusal = await storeError { _ = try await store.put(tensor, key: key, lifetime: .seconds(3600)) }
            if refusal == nil { stored.append(key) }
        }
        guard case .outOfMemory(key: "t:\(stored.count)", _, _) = refusal else {
            Issue.record("expected outOfMemory, got \(String(describing: refusal))")
            return
        }
        #expect(store.state == .connected)
        #expect(try await store.get("t:0") == tensor)
        #expect(try await store.delete(stored) == stored.count)
        #expect(
            try await eventually {
                await storeError { _ = try await store.put(tensor, key: "again", lifetime: .seconds(3600)) } == nil
            })
        await store.close()
    }

    @Test func aTensorBeyondTheLimitIsTooLargeBothWays() async throws {
        let server = try RedisServer.start()
        var configuration = try RedisConfiguration(url: server.url)
        let large = try RedisTensorStore(configuration)
        configuration.maximumValueByteCount = 10_000
        let small = try RedisTensorStore(configuration)
        let tensor = try constantTensor(1, count: 10_000)
        let size = try await large.put(tensor, key: "t", lifetime: .seconds(3600)).byteCount
        #expect(
            await storeError { _ = try await small.put(tensor, key: "t", lifetime: .seconds(3600)) }
                == .tooLarge(key: "t", byteCount: size, limit: 10_000))
        #expect(
            await storeError { _ = try await small.get("t") } == .tooLarge(key: "t", byteCount: size, limit: 10_000))
        // The value that was not taken must not meet a later command.
        #expect(try await small.exists("t"))
        await small.close()
        await large.close()
    }

    @Test func aWrongPasswordIsAnAuthenticationFailure() async throws {
        var options = RedisServer.Options()
        options.password = "right"
        let server = try RedisServer.start(options)
        for account in ["", ":wrong@", "nobody:right@"] {
            let store = try RedisTensorStore(RedisConfiguration(url: "redis://\(account)127.0.0.1:\(server.port)"))
            let error = await storeError { try await store.ping() }
            guard case .authenticationFailed = error else {
                Issue.record("expected authenticationFailed for '\(account)', got \(String(describing: error))")
                continue
            }
            #expect(!"\(error!)".contains("wrong"))
            guard case .disconnected = store.state else {
                Issue.record("expected disconnected")
                continue
            }
            await store.close()
        }
        let store = try RedisTensorStore(RedisConfiguration(url: "redis://:right@127.0.0.1:\(server.port)"))
        try await store.ping()
        await store.close()
    }

    @Test func anAccessListBindsTheUserToItsKeysAndCommands() async throws {
        var options = RedisServer.Options()
        options.users = [
            "user tensors on >pa:ss ~t:* resetchannels -@all +set +get +unlink +exists +pttl +pexpire +scan +ping",
            "user reader on >read %R~t:* resetchannels -@all +get +exists +ping",
        ]
        let server = try RedisServer.start(options)
        let store = try RedisTensorStore(RedisConfiguration(url: "redis://tensors:pa%3Ass@127.0.0.1:\(server.port)"))
        let tensor = try constantTensor(1)
        _ = try await store.put(tensor, key: "t:1", lifetime: .seconds(3600))
        #expect(try await store.get("t:1") == tensor)
        #expect(try await store.extend(["t:1"], lifetime: .seconds(7200)) == 1)
        #expect(try await store.keys(prefix: "t:") == ["t:1"])
        guard
            case .permissionDenied(operation: "SET", _) = await storeError({
                _ = try await store.put(tensor, key: "other", lifetime: .seconds(3600))
            })
        else {
            Issue.record("expected permissionDenied")
            return
        }
        let reader = try RedisTensorStore(RedisConfiguration(url: "redis://reader:read@127.0.0.1:\(server.port)"))
        #expect(try await reader.get("t:1") == tensor)
        guard
            case .permissionDenied(operation: "UNLINK", _) = await storeError({
                _ = try await reader.delete(["t:1"])
            })
        else {
            Issue.record("expected permissionDenied")
            return
        }
        #expect(try await store.delete(["t:1"]) == 1)
        await reader.close()
        await store.close()
    }

    @Test func thePasswordFileIsReadAtEveryConnect() async throws {
        var options = RedisServer.Options()
        options.password = "first"
        let server = try RedisServer.start(options)
        let file = server.directory.appending(path: "password")
        try "first\n".write(to: file, atomically: true, encoding: .utf8)
        var configuration = try RedisConfiguration(url: server.url)
        configuration.passwordFile = file.path
        configuration.backOff = .milliseconds(1) ... .milliseconds(5)
        let store = try RedisTensorStore(configuration)
        try await store.ping()
        try server.cli(["CONFIG", "SET", "requirepass", "second"])
        _ = try Tool.run(
            "redis-cli", ["-p", "\(server.port)", "CLIENT", "KILL", "TYPE", "normal"],
            environment: ["REDISCLI_AUTH": "second"])
        guard case .authenticationFailed = await storeError({ try await store.ping() }) else {
            Issue.record("expected authenticationFailed")
            return
        }
        try "second\n".write(to: file, atomically: true, encoding: .utf8)
        try await store.ping()
        try FileManager.default.removeItem(at: file)
        #expect(store.state == .connected)
        await store.close()
    }
}
