internal import CRabbitMQ

/// Memory for the C structures of one call into rabbitmq-c: handed out piece by piece, taken back all at once.
final class AMQPArena {
    private let block: UnsafeMutableRawPointer
    private let capacity: Int
    private var used = 0
    private var overflow: [UnsafeMutableRawPointer] = []

    init(capacity: Int = 8192) {
        self.capacity = capacity
        block = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        reset()
        block.deallocate()
    }

    /// Takes back all memory that was handed out.
    func reset() {
        used = 0
        for block in overflow { block.deallocate() }
        overflow.removeAll(keepingCapacity: true)
    }

    private func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        let start = (used + 15) & ~15
        if start + count <= capacity {
            used = start + count
            return block + start
        }
        let extra = UnsafeMutableRawPointer.allocate(byteCount: max(count, 16), alignment: 16)
        overflow.append(extra)
        return extra
    }

    func allocate<Element>(_ type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        allocate(count * MemoryLayout<Element>.stride).bindMemory(to: type, capacity: count)
    }

    func bytes(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
    }

    func copy(_ bytes: UnsafeRawBufferPointer) -> amqp_bytes_t {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return amqp_bytes_t(len: 0, bytes: nil) }
        let target = allocate(bytes.count)
        target.copyMemory(from: source, byteCount: bytes.count)
        return amqp_bytes_t(len: bytes.count, bytes: target)
    }

    func table(_ entries: [String: HeaderValue]) -> amqp_table_t {
        guard !entries.isEmpty else { return amqp_table_t(num_entries: 0, entries: nil) }
        let target = allocate(amqp_table_entry_t.self, count: entries.count)
        var index = 0
        for (key, value) in entries {
            (target + index).initialize(to: amqp_table_entry_t(key: bytes(key), value: field(value)))
            index += 1
        }
        return amqp_table_t(num_entries: Int32(entries.count), entries: target)
    }

    private func field(_ value: HeaderValue) -> amqp_field_value_t {
        var field = amqp_field_value_t()
        func set(_ kind: amqp_field_value_kind_t) { field.kind = UInt8(kind.rawValue) }
        switch value {
        case .string(let text):
            set(AMQP_FIELD_KIND_UTF8)
            field.value.bytes = bytes(text)
        case .int(let number):
            set(AMQP_FIELD_KIND_I64)
            field.value.i64 = number
        case .double(let number):
            set(AMQP_FIELD_KIND_F64)
            field.value.f64 = number
        case .bool(let flag):
            set(AMQP_FIELD_KIND_BOOLEAN)
            field.value.boolean = flag ? 1 : 0
        case .timestamp(let seconds):
            set(AMQP_FIELD_KIND_TIMESTAMP)
            field.value.u64 = UInt64(bitPattern: seconds)
        case .bytes(let data):
            set(AMQP_FIELD_KIND_BYTES)
            field.value.bytes = data.withUnsafeBytes { copy($0) }
        case .table(let entries):
            set(AMQP_FIELD_KIND_TABLE)
            field.value.table = table(entries)
        case .array(let values):
            set(AMQP_FIELD_KIND_ARRAY)
            let target = values.isEmpty ? nil : allocate(amqp_field_value_t.self, count: values.count)
            for (index, value) in values.enumerated() { (target! + index).initialize(to: self.field(value)) }
            field.value.array = amqp_array_t(num_entries: Int32(values.count), entries: target)
        case .null:
            set(AMQP_FIELD_KIND_VOID)
        }
        return field
    }

    func properties(_ source: MessageProperties) -> amqp_basic_properties_t {
        var target = amqp_basic_properties_t()
        func set(_ flag: UInt32, _ text: String?, _ field: WritableKeyPath<amqp_basic_properties_t, amqp_bytes_t>) {
            guard let text else { return }
            target._flags |= flag
            target[keyPath: field] = bytes(text)
        }
        set(oncorelay_amqp_has_message_id, source.messageID, \.message_id)
        set(oncorelay_amqp_has_correlation_id, source.correlationID, \.correlation_id)
        set(oncorelay_amqp_has_type, source.type, \.type)
        set(oncorelay_amqp_has_app_id, source.appID, \.app_id)
        set(oncorelay_amqp_has_content_type, source.contentType, \.content_type)
        set(oncorelay_amqp_has_content_encoding, source.contentEncoding, \.content_encoding)
        set(oncorelay_amqp_has_reply_to, source.replyTo, \.reply_to)
        set(oncorelay_amqp_has_user_id, source.userID, \.user_id)
        if let timestamp = source.timestamp {
            target._flags |= oncorelay_amqp_has_timestamp
            target.timestamp = UInt64(bitPattern: timestamp)
        }
        target._flags |= oncorelay_amqp_has_delivery_mode
        target.delivery_mode = source.isPersistent ? 2 : 1
        if !source.headers.isEmpty {
            target._flags |= oncorelay_amqp_has_headers
            target.headers = table(source.headers)
        }
        return target
    }
}
