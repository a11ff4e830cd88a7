import Foundation
import Messaging
import Testing

@Suite struct BrokerConfigurationTests {
    @Test func aURLGivesAllParts() throws {
        let configuration = try BrokerConfiguration(
            url: "amqp://us%40er:p%3Ass%2F@broker.example:5673/onco%2Frelay?heartbeat=7&connection_timeout=2500")
        #expect(configuration.user == "us@er")
        #expect(configuration.password == "p:ss/")
        #expect(configuration.host == "broker.example")
        #expect(configuration.port == 5673)
        #expect(configuration.virtualHost == "onco/relay")
        #expect(configuration.heartbeatSeconds == 7)
        #expect(configuration.connectionTimeout == .milliseconds(2500))
        #expect(configuration.tls == nil)
    }

    @Test func absentPartsHaveTheUsualValues() throws {
        let plain = try BrokerConfiguration(url: "amqp://localhost")
        #expect(plain.port == 5672 && plain.user == "guest" && plain.password == "guest" && plain.virtualHost == "/")
        let secure = try BrokerConfiguration(url: "amqps://a:b@[::1]/v")
        #expect(secure.port == 5671 && secure.host == "::1" && secure.virtualHost == "v")
        #expect(secure.tls == .init(authorityFile: "/etc/ssl/certs/ca-certificates.crt"))
        #expect(try BrokerConfiguration(url: "amqp://[::1]:1234").port == 1234)
        let files = try BrokerConfiguration(
            url: "amqps://h/?cacertfile=/a&certfile=/b&keyfile=/c&auth_mechanism=external")
        #expect(files.tls == .init(authorityFile: "/a", certificateFile: "/b", keyFile: "/c"))
        #expect(files.authentication == .external)
    }

    @Test(arguments: [
        "localhost:5672", "http://localhost", "amqp://", "amqp://h:port", "amqp://h:0", "amqp://h:70000",
        "amqp://u:%zz@h", "amqp://h/?heartbeat=soon", "amqp://h/?heartbeat=0", "amqp://h/?heartbeet=3",
        "amqp://[::1", "amqps://h/?certfile=/a", "amqp://h/?auth_mechanism=external", "amqp://h/%00",
    ])
    func aMalformedURLIsRefused(_ url: String) {
        let error = #expect(throws: BrokerError.self) { try BrokerConfiguration(url: url) }
        guard case .invalidConfiguration = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func thePasswordComesFromItsFileAndShowsInNoDescription() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try "from-the-file-4711\nsecond line\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let configuration = try BrokerConfiguration(url: "amqp://me:other-0815@h", passwordFile: file.path)
        #expect(configuration.password == "from-the-file-4711")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("4711") && !text.contains("0815"), "\(text)")
        }
        let error = #expect(throws: BrokerError.self) {
            try BrokerConfiguration(url: "amqp://me:secret-0815@h", passwordFile: "/nonexistent/password")
        }
        #expect(error?.description.contains("/nonexistent/password") == true)
        #expect(error?.description.contains("0815") == false)
    }
}
