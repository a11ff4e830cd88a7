internal import CHiredis
import Glibc
import Tensors

/// What can go wrong on the way to the server; each leaves the connection unusable.
enum RedisWireError: Error {
    /// Not established: refused, unknown host, and so on.
    case notConnected(String)
    /// Ended by the other side or by the network.
    case lost(String)
    /// The deadline passed.
    case timedOut(Duration)
    /// An answer against the protocol.
    case malformed(String)
    /// A value beyond the limit, which was not received.
    case tooLong(byteCount: Int)
}

/// One connection, used by one thread: hiredis connects and parses, bytes are moved here.
///
/// hiredis 0.14 would copy a value into its own buffers on both ways, end the process by SIGPIPE when it writes to a
/// broken connection, and bound each read rather than the command. So requests are gathered from the tensors straight
/// to the socket, long values are received straight into their tensor, and every wait is a `poll` with one deadline per
/// command. After any error the object is thrown away: a late answer can then not be taken for the answer to another
/// command.
final class RedisWire {
    private let context: UnsafeMutablePointer<redisContext>
    /// Receives replies, and the beginnings of long values.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 64)
    private var socket: CInt { context.pointee.fd }

    /// Connects.
    ///
    /// - Throws: `notConnected`.
    init(_ endpoint: RedisAddress.Endpoint, timeout: Duration) throws(RedisWireError) {
        let (seconds, attoseconds) = timeout.components
        let limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let made =
            switch endpoint {
            case .tcp(let host, let port): redisConnectWithTimeout(host, port, limit)
            case .unix(let path): redisConnectUnixWithTimeout(path, limit)
            }
        guard let made else {
            scratch.deallocate()
            throw .notConnected("no memory for a connection")
        }
        guard made.pointee.err == 0 else {
            let reason = Self.errorText(made)
            redisFree(made)
            scratch.deallocate()
            throw .notConnected(reason)
        }
        context = made
        // Finds peers that vanished while the connection was idle; it concerns TCP only.
        if case .tcp = endpoint { redisEnableKeepAlive(made) }
    }

    deinit {
        redisFree(context)
        scratch.deallocate()
    }

    /// Whether nothing has arrived unasked: no late answer, no farewell of the server.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        let count = recv(socket, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT))
        return count < 0 && errno == EAGAIN && hasConsumedReplies
    }

    /// Whether hiredis holds no bytes beyond the replies already taken.
    private var hasConsumedReplies: Bool {
        context.pointee.reader.pointee.pos == context.pointee.reader.pointee.len
    }

    /// Sends pieces one after the other without joining them.
    func send(_ pieces: [UnsafeRawBufferPointer], by deadline: Deadline) throws(RedisWireError) {
        var vectors = pieces.filter { !$0.isEmpty }.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        var first = 0
        while first < vectors.count {
            let sent = vectors.withUnsafeMutableBufferPointer { vectors in
                var message = msghdr()
                message.msg_iov = vectors.baseAddress! + first
                message.msg_iovlen = min(vectors.count - first, Int(UIO_MAXIOV))
                return sendmsg(socket, &message, CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if sent < 0 {
                try wait(for: POLLOUT, after: errno, by: deadline)
                continue
            }
            var rest = sent
            while first < vectors.count, rest >= vectors[first].iov_len {
                rest -= vectors[first].iov_len
                first += 1
            }
            if first < vectors.count {
                vectors[first].iov_base += rest
                vectors[first].iov_len -= rest
            }
        }
    }

    /// Receives one reply. Long values are better received with `receiveValue`.
    func receiveReply(by deadline: Deadline) throws(RedisWireError) -> RedisReply {
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisReaderGetReply(context.pointee.reader, &reply) == REDIS_OK else {
                throw .malformed("the reply is not in the Redis protocol")
            }
            if let reply {
                defer { freeReplyObject(reply) }
                return RedisReply(UnsafePointer(reply.assumingMemoryBound(to: redisReply.self)))
            }
            try feed(scratch.prefix(receive(into: scratch, by: deadline)))
        }
    }

    /// Receives a value into memory of its own, or nil when there is none, or the server's refusal.
    ///
    /// - Parameters:
    ///   - limit: the longest value to accept.
    ///   - bytesPerSecond: a value of known length gets more time, by this rate.
    ///   - deadline: for the first byte, and without that rate.
    /// - Returns: the value, nil when there is none, or the server's refusal.
    /// - Throws: `RedisWireError`; the connection is then of no use.
    func receiveValue(
        limit: Int, bytesPerSecond: Int, by deadline: Deadline
    ) throws(RedisWireError) -> Result<TensorBuffer?, RedisRefusal> {
        var deadline = deadline
        var filled = 0
        // The first line is short: a type, a length or a message.
        while scratch[..<filled].firstIndex(of: UInt8(ascii: "\n")) == nil {
            guard filled < scratch.count else { throw .malformed("the first line of a reply is too long") }
            filled += try receive(into: UnsafeMutableRawBufferPointer(rebasing: scratch[filled...]), by: deadline)
        }
        let start = scratch[..<filled].firstIndex(of: UInt8(ascii: "\n"))! + 1
        guard scratch[0] == UInt8(ascii: "$"), let count = Self.length(scratch[1..<start]), count >= 0 else {
            try feed(scratch.prefix(filled))
            switch try receiveReply(by: deadline) {
            case .null: return .success(nil)
            case .error(let text): return .failure(RedisRefusal(text: text))
            default: throw .malformed("expected a value")
            }
        }
        guard count <= limit else { throw .tooLong(byteCount: count) }
        deadline.extend(by: .seconds(count / bytesPerSecond))
        let early = min(filled - start, count)
        let buffer = try TensorBuffer.filled(count: count) { memory throws(RedisWireError) in
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: scratch[start..<start + early]))
            var position = early
            while position < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[position...])
                position += try receive(into: rest, by: deadline)
            }
        }
        // The line end after the value; what has come of it lies in the scratch memory.
        var end = Array(scratch[start + early..<filled])
        while end.count < 2 {
            let count = try receive(
                into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<(2 - end.count)]), by: deadline)
            end += scratch[..<count]
        }
        guard end == [0x0d, 0x0a] else { throw .malformed("a value does not end where its length says") }
        return .success(buffer)
    }

    /// Receives at least one byte.
    private func receive(
        into memory: UnsafeMutableRawBufferPointer, by deadline: Deadline
    ) throws(RedisWireError) -> Int {
        while true {
            let count = recv(socket, memory.baseAddress, memory.count, CInt(MSG_DONTWAIT))
            if count > 0 { return count }
            guard count < 0 else { throw .lost("the server closed the connection") }
            try wait(for: POLLIN, after: errno, by: deadline)
        }
    }

    /// Waits until the socket is ready after a call that returned `code`.
    private func wait(for event: Int32, after code: CInt, by deadline: Deadline) throws(RedisWireError) {
        if code == EINTR { return }
        guard code == EAGAIN else { throw .lost(String(cString: strerror(code))) }
        var descriptor = pollfd(fd: socket, events: Int16(event), revents: 0)
        let ready = poll(&descriptor, 1, deadline.milliseconds)
        if ready == 0 { throw .timedOut(deadline.allowance) }
        if ready < 0 && errno != EINTR { throw .lost(String(cString: strerror(errno))) }
    }

    private func feed(_ bytes: Slice<UnsafeMutableRawBufferPointer>) throws(RedisWireError) {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        let text = bytes.bindMemory(to: CChar.self)
        guard redisReaderFeed(context.pointee.reader, text.baseAddress, text.count) == REDIS_OK else {
            throw .malformed("hiredis does not take the reply")
        }
    }

    /// The number on a line that ends with CR LF.
    private static func length(_ line: Slice<UnsafeMutableRawBufferPointer>) -> Int? {
        guard line.suffix(2).elementsEqual([0x0d, 0x0a]) else { return nil }
        return Int(String(decoding: line.dropLast(2), as: UTF8.self))
    }

    private static func errorText(_ context: UnsafeMutablePointer<redisContext>) -> String {
        withUnsafeBytes(of: context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// The words with which the server refuses.
struct RedisRefusal: Error {
    let text: String
}
