internal import CRabbitMQ

extension String {
    init(_ bytes: amqp_bytes_t) {
        self = String(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }
}

/// Keeps the last text read from one field, since consecutive messages mostly repeat it.
struct TextCache {
    private var text = ""

    mutating func callAsFunction(_ bytes: amqp_bytes_t) -> String {
        let raw = UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len)
        let isSame = text.utf8.withContiguousStorageIfAvailable { $0.count == raw.count && $0.elementsEqual(raw) }
        if isSame != true { text = String(decoding: raw, as: UTF8.self) }
        return text
    }
}

extension MessageProperties {
    init(_ source: amqp_basic_properties_t) {
        func text(_ flag: UInt32, _ bytes: amqp_bytes_t) -> String? {
            source._flags & flag != 0 ? String(bytes) : nil
        }
        self.init(
            messageID: text(oncorelay_amqp_has_message_id, source.message_id),
            correlationID: text(oncorelay_amqp_has_correlation_id, source.correlation_id),
            type: text(oncorelay_amqp_has_type, source.type),
            appID: text(oncorelay_amqp_has_app_id, source.app_id),
            contentType: text(oncorelay_amqp_has_content_type, source.content_type),
            contentEncoding: text(oncorelay_amqp_has_content_encoding, source.content_encoding),
            replyTo: text(oncorelay_amqp_has_reply_to, source.reply_to),
            userID: text(oncorelay_amqp_has_user_id, source.user_id),
            timestamp: source._flags & oncorelay_amqp_has_timestamp != 0 ? Int64(bitPattern: source.timestamp) : nil,
            isPersistent: source._flags & oncorelay_amqp_has_delivery_mode != 0 && source.delivery_mode == 2)
        if source._flags & oncorelay_amqp_has_headers != 0 { headers = [String: HeaderValue](source.headers) }
    }
}

extension [String: HeaderValue] {
    init(_ table: amqp_table_t) {
        self.init(minimumCapacity: Int(table.num_entries))
        for index in 0..<Int(table.num_entries) {
            let entry = table.entries[index]
            self[String(entry.key)] = HeaderValue(entry.value)
        }
    }
}

extension HeaderValue {
    init(_ field: amqp_field_value_t) {
        switch amqp_field_value_kind_t(rawValue: UInt32(field.kind)) {
        case AMQP_FIELD_KIND_UTF8: self = .string(String(field.value.bytes))
        case AMQP_FIELD_KIND_BOOLEAN: self = .bool(field.value.boolean != 0)
        case AMQP_FIELD_KIND_I8: self = .int(Int64(field.value.i8))
        case AMQP_FIELD_KIND_U8: self = .int(Int64(field.value.u8))
        case AMQP_FIELD_KIND_I16: self = .int(Int64(field.value.i16))
        case AMQP_FIELD_KIND_U16: self = .int(Int64(field.value.u16))
        case AMQP_FIELD_KIND_I32: self = .int(Int64(field.value.i32))
        case AMQP_FIELD_KIND_U32: self = .int(Int64(field.value.u32))
        case AMQP_FIELD_KIND_I64: self = .int(field.value.i64)
        case AMQP_FIELD_KIND_U64: self = .int(Int64(clamping: field.value.u64))
        case AMQP_FIELD_KIND_F32: self = .double(Double(field.value.f32))
        case AMQP_FIELD_KIND_F64: self = .double(field.value.f64)
        case AMQP_FIELD_KIND_TIMESTAMP: self = .timestamp(Int64(clamping: field.value.u64))
        case AMQP_FIELD_KIND_BYTES:
            self = .bytes(
                [UInt8](UnsafeRawBufferPointer(start: field.value.bytes.bytes, count: field.value.bytes.len)))
        case AMQP_FIELD_KIND_TABLE: self = .table([String: HeaderValue](field.value.table))
        case AMQP_FIELD_KIND_ARRAY:
            let array = field.value.array
            self = .array((0..<Int(array.num_entries)).map { HeaderValue(array.entries[$0]) })
        case AMQP_FIELD_KIND_DECIMAL:
            var value = Double(field.value.decimal.value)
            for _ in 0..<field.value.decimal.decimals { value /= 10 }
            self = .double(value)
        default: self = .null
        }
    }
}
