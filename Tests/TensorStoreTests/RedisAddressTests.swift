import TensorStore
import Testing

@Suite struct RedisAddressTests {
    @Test func addressesAreRead() throws {
        let full = try RedisAddress("redis://al%40ice:p%3Aw%2F@cache.example:6390/3")
        #expect(full.endpoint == .tcp(host: "cache.example", port: 6390))
        #expect(full.user == "al@ice")
        #expect(full.password == "p:w/")
        #expect(full.database == 3)
        let short = try RedisAddress("redis://localhost")
        #expect(short.endpoint == .tcp(host: "localhost", port: 6379))
        #expect(short.user == nil && short.password == nil && short.database == 0)
        #expect(try RedisAddress("redis://:secret@localhost/").password == "secret")
        #expect(try RedisAddress("redis://[::1]:7000").endpoint == .tcp(host: "::1", port: 7000))
        let socket = try RedisAddress("unix:///run/redis/redis.sock?db=2")
        #expect(socket.endpoint == .unix(path: "/run/redis/redis.sock"))
        #expect(socket.database == 2)
        let account = try RedisAddress("unix://me:secret@/run/redis.sock")
        #expect(account.endpoint == .unix(path: "/run/redis.sock"))
        #expect(account.user == "me" && account.password == "secret")
    }

    @Test func descriptionsHideThePassword() throws {
        for text in ["redis://me:secret@host/1", "unix://me:secret@/s", "redis://:secret@[::1]"] {
            let address = try RedisAddress(text)
            #expect(!address.description.contains("secret"))
            #expect(!RedisConfiguration(address: address).description.contains("secret"))
        }
        #expect(try RedisAddress("redis://me:secret@host/1").description == "redis://me@host:6379/1")
    }

    @Test(arguments: [
        "", "host:6379", "http://host", "rediss://host", "redis://", "redis:///0", "redis://host:0",
        "redis://host:65536",
        "redis://host/x", "redis://host/-1", "unix://relative/path", "unix:", "unix:///s?db=x",
        "redis://user:@secret:x",
        "unix:///" + String(repeating: "a", count: 107),
    ])
    func addressesThatCannotWorkAreRefused(text: String) {
        do {
            _ = try RedisAddress(text)
            Issue.record("expected invalidArgument")
        } catch {
            guard case .invalidArgument = error else {
                Issue.record("expected invalidArgument, got \(error)")
                return
            }
        }
    }

    @Test func settingsThatCannotWorkAreRefused() throws {
        var configuration = try RedisConfiguration(url: "redis://localhost")
        configuration.connectionCount = 0
        #expect(throws: TensorStoreError.self) { try RedisTensorStore(configuration) }
        configuration.connectionCount = 1
        configuration.commandTimeout = .zero
        #expect(throws: TensorStoreError.self) { try RedisTensorStore(configuration) }
    }
}
