import Foundation
import Messaging
import Testing
import TestSupport

extension BrokerTests {
    @Suite(.enabled(if: SharedServer.isUsable, "\(SharedServer.reason)")) struct Access {}
}

extension BrokerTests.Access {
    private static func problem(_ configuration: BrokerConfiguration) async throws -> BrokerError? {
        do {
            let publisher = try await RabbitMQBroker(configuration).makePublisher()
            await publisher.close()
            return nil
        } catch let error as BrokerError {
            return error
        }
    }

    private static func secure(_ adjust: (inout BrokerConfiguration) -> Void = { _ in }) async throws
        -> BrokerConfiguration
    {
        let server = try await SharedServer.get()
        let certificates = try #require(server.certificates)
        var configuration = try BrokerConfiguration(
            url: server.secureURL,
            tls: .init(
                authorityFile: certificates.authority, certificateFile: certificates.clientCertificate,
                keyFile: certificates.clientKey))
        adjust(&configuration)
        return configuration
    }

    @Test func aWrongPasswordIsSaidClearlyAndNotRepeated() async throws {
        var configuration = try await SharedServer.configuration()
        configuration.password = "not-the-password-4711"
        configuration.startupPatience = .seconds(60)
        let error = try await Self.problem(configuration)
        guard case .accessRefused(let text) = error else { throw try #require(error) }
        #expect(text.contains("ACCESS_REFUSED") && text.contains("guest"))
        #expect(!text.contains("4711"))
    }

    @Test func aMissingVirtualHostIsSaidClearly() async throws {
        var configuration = try await SharedServer.configuration()
        configuration.virtualHost = "nowhere"
        let error = try await Self.problem(configuration)
        guard case .accessRefused(let text) = error else { throw try #require(error) }
        #expect(text.contains("nowhere") && text.contains("not found"))
    }

    @Test func aPortWithoutAListenerIsSaidClearly() async throws {
        var configuration = try await SharedServer.configuration()
        configuration.port = freePort()
        let error = try await Self.problem(configuration)
        guard case .unreachable(let text) = error else { throw try #require(error) }
        #expect(text.contains("127.0.0.1:\(configuration.port)"))
    }

    @Test func aHostNameWithoutAddressIsSaidClearly() async throws {
        var configuration = try await SharedServer.configuration()
        configuration.host = "no-such-host.invalid"
        let error = try await Self.problem(configuration)
        guard case .unreachable(let text) = error else { throw try #require(error) }
        #expect(text.contains("no-such-host.invalid"))
    }

    @Test func patienceWaitsForABrokerThatComesUpLater() async throws {
        let server = try await SharedServer.get()
        await server.kill9()
        var configuration = try await SharedServer.configuration()
        configuration.startupPatience = .seconds(60)
        configuration.longestReconnectDelay = .milliseconds(500)
        let broker = try RabbitMQBroker(configuration)
        async let publisher = broker.makePublisher()
        try await server.restart()
        await (try await publisher).close()
    }

    @Test func tlsWithOurAuthorityAndAClientCertificateWorks() async throws {
        let broker = try RabbitMQBroker(try await Self.secure())
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await broker.makePublisher()
            let consumer = try await broker.makeConsumer(queues: [queue], prefetch: 10)
            // Larger than one TLS record, so that bytes wait inside TLS where poll(2) does not see them.
            let body = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
            let publications = (0..<40).map { number in
                Publication(
                    exchange: "", routingKey: queue, body: number % 10 == 0 ? body : [UInt8(number)],
                    properties: MessageProperties(messageID: "\(number)"))
            }
            try await publisher.publish(publications)
            for number in 0..<40 {
                let delivery = try #require(try await next(of: consumer))
                #expect(delivery.properties.messageID == "\(number)")
                #expect(delivery.body == (number % 10 == 0 ? body : [UInt8(number)]))
                await consumer.acknowledge(delivery)
            }
            await consumer.close()
            await publisher.close()
        }
    }

    @Test func aBrokerThatAForeignAuthoritySignedIsNotTrusted() async throws {
        let foreign = try #require(try await SharedServer.get().certificates).foreignAuthority
        let error = try await Self.problem(try await Self.secure { $0.tls?.authorityFile = foreign })
        guard case .insecure(let text) = error else { throw try #require(error) }
        #expect(text.contains("not signed by an authority"))
    }

    @Test func aCertificateMadeOutToAnotherHostIsNotTrusted() async throws {
        let error = try await Self.problem(try await Self.secure { $0.host = "127.0.0.1" })
        guard case .insecure(let text) = error else { throw try #require(error) }
        #expect(text.contains("not made out to '127.0.0.1'"))
    }

    @Test func aMissingClientCertificateIsSaidClearly() async throws {
        let configuration = try await Self.secure {
            $0.tls?.certificateFile = nil
            $0.tls?.keyFile = nil
        }
        let error = try #require(try await Self.problem(configuration))
        #expect(error.description.contains("client certificate"), "\(error)")
    }

    @Test func aMissingAuthorityFileIsSaidClearly() async throws {
        let error = try await Self.problem(try await Self.secure { $0.tls?.authorityFile = "/nonexistent/ca.pem" })
        guard case .insecure(let text) = error else { throw try #require(error) }
        #expect(text.contains("/nonexistent/ca.pem"))
    }

    @Test func aPortThatSpeaksNoTLSIsSaidClearly() async throws {
        let port = try await SharedServer.get().port
        let error = try await Self.problem(try await Self.secure { $0.port = port })
        guard case .unreachable(let text) = error else { throw try #require(error) }
        #expect(text.contains("TLS"))
    }

    @Test func theClientCertificateAloneCanAuthenticate() async throws {
        let server = try await SharedServer.get()
        let name = try #require(server.certificates).clientName
        try await server.control(["add_user", name, "unused"])
        try await server.control(["set_permissions", name, "^$", "^$", ".*"])
        let configuration = try await Self.secure {
            $0.authentication = .external
            $0.user = name
            $0.password = ""
        }
        #expect(try await Self.problem(configuration) == nil)

        // This user may not configure anything, yet may ask whether things are there.
        let administrator = try await RabbitMQBroker(configuration).makeAdministrator()
        let topology = TopologyDescription(queues: [QueueDescription(name: "not-there")])
        #expect(try await administrator.verify(topology) == [.missingQueue("not-there")])
        let error = await #expect(throws: BrokerError.self) { try await administrator.apply(topology) }
        guard case .channelClosed(403, _) = error else { throw try #require(error) }
        await administrator.close()
        try await server.control(["delete_user", name])
    }
}
