import Foundation
import Synchronization
import TestSupport

/// A TCP proxy that can swallow what the server says while the connection stays open, as a broken network does.
final class FaultProxy: Sendable {
    private struct State {
        var isSwallowing = false
        /// Connections accepted while swallowing, or before it began, stay mute for good.
        var mute: Set<Int32> = []
        var open: Set<Int32> = []
        var isClosed = false
    }

    let port: Int
    private let target: Int
    private let listener: Int32
    private let state = Mutex(State())

    init(to target: Int) throws {
        self.target = target
        let port = freePort()
        self.port = port
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = Self.address(port)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0, listen(listener, 16) == 0 else { throw POSIXError(.EADDRINUSE) }
        self.listener = listener
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                self.serve(client)
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    func swallowAnswers() {
        state.withLock { state in
            state.isSwallowing = true
            state.mute.formUnion(state.open)
        }
    }

    func passAnswersOfNewConnections() { state.withLock { $0.isSwallowing = false } }

    private func serve(_ client: Int32) {
        let server = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = Self.address(target)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(client)
            close(server)
            return
        }
        state.withLock { state in
            state.open.insert(server)
            if state.isSwallowing { state.mute.insert(server) } else { state.mute.remove(server) }
        }
        Thread.detachNewThread { [self] in
            pump(from: client, to: server) { false }
            shutdown(server, Int32(SHUT_RDWR))
        }
        Thread.detachNewThread { [self] in
            pump(from: server, to: client) { self.state.withLock { $0.mute.contains(server) } }
            state.withLock { _ = $0.open.remove(server) }
            shutdown(client, Int32(SHUT_RDWR))
        }
    }

    /// The two descriptors stay open until the test process ends, so that their numbers are not used again.
    private func pump(from source: Int32, to target: Int32, isMute: () -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            if isMute() { continue }
            var sent = 0
            while sent < count {
                let written = buffer[sent..<count].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { return }
                sent += written
            }
        }
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
