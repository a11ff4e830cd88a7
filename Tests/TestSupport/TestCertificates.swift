package import Foundation

/// A certificate authority of a test's own, with a certificate for a server and one for a client, as PEM files made
/// by the `openssl` program. The folder goes with the object.
package final class TestCertificates: Sendable {
    package static let isAvailable = Tool.isInstalled("openssl")

    package let directory: URL
    /// The name that the server's certificate is made out to.
    package let hostName: String
    package let clientName: String

    package var authority: String { path("ca.pem") }
    /// An authority that signed nothing of this.
    package var foreignAuthority: String { path("foreign.pem") }
    package var serverCertificate: String { path("server.pem") }
    package var serverKey: String { path("server.key") }
    package var clientCertificate: String { path("client.pem") }
    package var clientKey: String { path("client.key") }

    package init(hostName: String = "localhost", clientName: String = "oncorelay-client") throws {
        self.hostName = hostName
        self.clientName = clientName
        directory = FileManager.default.temporaryDirectory.appending(path: "ca-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try makeAuthority("ca")
        try makeAuthority("foreign")
        try makeCertificate("server", name: hostName, extensions: "subjectAltName=DNS:\(hostName)")
        try makeCertificate("client", name: clientName, extensions: "extendedKeyUsage=clientAuth")
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private func path(_ name: String) -> String { directory.appending(path: name).path }

    private func makeAuthority(_ name: String) throws {
        try Tool.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=Test authority \(name)", "-keyout", path("\(name).key"), "-out", path("\(name).pem"),
            ])
    }

    private func makeCertificate(_ name: String, name commonName: String, extensions: String) throws {
        try Tool.run(
            "openssl",
            [
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(commonName)",
                "-keyout", path("\(name).key"), "-out", path("\(name).csr"),
            ])
        try extensions.write(toFile: path("\(name).ext"), atomically: true, encoding: .utf8)
        try Tool.run(
            "openssl",
            [
                "x509", "-req", "-days", "2", "-in", path("\(name).csr"), "-CA", path("ca.pem"), "-CAkey",
                path("ca.key"),
                "-CAcreateserial", "-extfile", path("\(name).ext"), "-out", path("\(name).pem"),
            ])
    }
}
