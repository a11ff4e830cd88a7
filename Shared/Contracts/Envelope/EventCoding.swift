#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Events to bytes and bytes to events. Whatever the bytes are, the answer is an event or a ``Failure`` that
/// names the field; never a crash.
package enum EventCoding {
    /// Largest body that is read, in bytes: messages carry references, not images.
    package static let bodyLimit = 1_048_576
    /// Deepest nesting of objects and arrays that is read.
    package static let depthLimit = 32

    /// Content type of a structured-mode CloudEvent.
    package static let cloudEventsContentType = "application/cloudevents+json"

    /// Encodes a value as JSON with sorted keys, so that equal values have equal bytes.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        var writer = JSONWriter()
        writer.write(try EventEncoder.piece(of: value))
        return writer.bytes
    }

    /// Reads an event of one type.
    ///
    /// - Throws: ``Failure`` of class `poison` where the body cannot be read as that event at all,
    ///   of class `invalid` where a field of the data is wrong.
    package static func decodeEvent<Payload>(
        _ type: Payload.Type, from body: [UInt8]
    ) throws(Failure) -> CloudEvent<Payload> {
        try checkBody(body)
        return try decodeChecked(type, from: body)
    }

    private static func decodeChecked<Payload>(
        _ type: Payload.Type, from body: [UInt8]
    ) throws(Failure) -> CloudEvent<Payload> {
        let event: CloudEvent<Payload>
        do {
            event = try decode(CloudEvent<Payload>.self, from: body)
        } catch {
            // An event of a later version is said to be that, not to lack fields.
            if let probe = try? decode(EnvelopeProbe.self, from: body) {
                if let specversion = probe.specversion { try checkVersion("specversion", specversion, expected: "1.0") }
                if let found = probe.type { try checkVersion("type", found, expected: Payload.eventType) }
            }
            throw error
        }
        try checkVersion("specversion", event.specversion, expected: "1.0")
        try checkVersion("type", event.type, expected: Payload.eventType)
        try checkShortText("id", event.id)
        try checkShortText("source", event.source)
        if let attempt = event.attempt, attempt < 1 {
            throw Failure(.invalidField, .poison, "attempt: expected 1 or more, found \(attempt)")
        }
        do {
            try event.data.validate()
        } catch {
            var failure = error
            failure.message = "data." + failure.message
            throw failure
        }
        return event
    }

    /// Reads a `study.submitted`, in its envelope or as the bare `data`.
    package static func decodeSubmission(
        _ body: [UInt8], messageID: String?, contentType: String?
    ) throws(Failure) -> CloudEvent<StudySubmitted> {
        try checkBody(body)
        if isCloudEventsContentType(contentType) { return try decodeChecked(StudySubmitted.self, from: body) }
        if try decode(EnvelopeProbe.self, from: body).isEnvelope {
            return try decodeChecked(StudySubmitted.self, from: body)
        }
        let data = try decode(StudySubmitted.self, from: body)
        try data.validate()
        return CloudEvent(
            id: messageID.flatMap { $0.isEmpty ? nil : $0 } ?? EventID.ofBody(body), source: "urn:oncorelay:publisher",
            subject: nil, correlationID: nil, causationID: nil, traceparent: nil, priority: data.priority ?? .routine,
            attempt: 1, time: EventTime.now(), data: data)
    }

    /// The type that an envelope says it has; for stages that read several.
    package static func eventType(of body: [UInt8]) throws(Failure) -> String {
        try checkBody(body)
        let probe = try decode(EnvelopeProbe.self, from: body)
        guard let type = probe.type else {
            throw Failure(.missingField, .poison, "type: expected the event's type, found no such field")
        }
        return type
    }

    /// Decodes JSON, turning every complaint into a failure that names the field.
    package static func decode<Value: Decodable>(_ type: Value.Type, from body: [UInt8]) throws(Failure) -> Value {
        // The quick way reads what is right; what it does not take is left to Foundation, which tells what is wrong.
        if let value = try? EventDecoder.decode(type, from: body) { return value }
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch let error as Failure {
            throw error
        } catch let error as DecodingError {
            if case .dataCorrupted(let context) = error, context.codingPath.isEmpty,
                let fault = ValueFault.find(in: body)
            {
                let field = path(fault.path)
                throw Failure(.invalidField, classOf(field), "\(field): expected \(fault.expected)")
            }
            throw failure(of: error)
        } catch {
            throw Failure(.malformedJSON, .poison, "body: expected a JSON object; it cannot be read as JSON")
        }
    }

    private struct EnvelopeProbe: Decodable {
        var isEnvelope: Bool
        var specversion: String?
        var type: String?

        private enum CodingKeys: String, CodingKey { case specversion, type, data }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            isEnvelope = container.contains(.specversion) || (container.contains(.type) && container.contains(.data))
            specversion = try? container.decodeIfPresent(String.self, forKey: .specversion)
            type = try? container.decodeIfPresent(String.self, forKey: .type)
        }
    }

    private static func checkVersion(_ field: String, _ found: String, expected: String) throws(Failure) {
        guard found == expected else {
            // Only what looks like a version is repeated: a misplaced value could be patient data.
            let isType = found.hasPrefix(EventType.prefix)
            let isNumber = found.utf8.count <= 8 && found.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
            let shown = isType || isNumber ? "\"\(printable(found))\"" : "another text"
            throw Failure(.unsupportedVersion, .poison, "\(field): expected \"\(expected)\", found \(shown)")
        }
    }

    /// AMQP 0-9-1 carries ids as short strings, of at most 255 bytes; CloudEvents wants at least one.
    private static func checkShortText(_ field: String, _ text: String) throws(Failure) {
        guard (1...255).contains(text.utf8.count) else {
            throw Failure(.invalidField, .poison, "\(field): expected 1 to 255 bytes, found \(text.utf8.count)")
        }
    }

    /// Whether a content type is that of an enveloped event, whatever its parameters (`; charset=utf-8`).
    private static func isCloudEventsContentType(_ contentType: String?) -> Bool {
        guard let media = contentType?.split(separator: ";").first else { return false }
        return media.trimmingPrefix(" ").split(separator: " ").first.map { $0.lowercased() } == cloudEventsContentType
    }
}

extension EventCoding {
    /// Checks size, UTF-8 and nesting before the JSON parser sees the bytes.
    package static func checkBody(_ body: [UInt8]) throws(Failure) {
        guard !body.isEmpty else {
            throw Failure(.bodyEmpty, .poison, "body: expected a JSON object, found 0 bytes")
        }
        guard body.count <= bodyLimit else {
            throw Failure(
                .bodyTooLarge, .poison,
                "body: expected at most \(bodyLimit) bytes, found \(body.count); images travel by location, not in the message"
            )
        }
        guard String(validating: body, as: UTF8.self) != nil else {
            throw Failure(.invalidUTF8, .poison, "body: expected UTF-8, found bytes that are not")
        }
        // The decoder would take these for UTF-16 or UTF-32 and read them; the nesting below is counted in UTF-8.
        guard !body.contains(0) else {
            throw Failure(.invalidUTF8, .poison, "body: expected UTF-8, found NUL bytes, as UTF-16 has them")
        }
        var depth = 0
        var inString = false
        var escaped = false
        for byte in body {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth > depthLimit {
                    throw Failure(
                        .nestingTooDeep, .poison, "body: expected at most \(depthLimit) levels of nesting, found more")
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
    }

    /// A decoding error as a failure. Values are not repeated in it: they could be patient data.
    private static func failure(of error: DecodingError) -> Failure {
        switch error {
        case .keyNotFound(let key, let context):
            let field = path(context.codingPath + [key])
            return Failure(.missingField, classOf(field), "\(field): required, but absent")
        case .valueNotFound(let type, let context):
            let field = path(context.codingPath)
            return Failure(.missingField, classOf(field), "\(field): expected \(jsonName(type)), found null")
        case .typeMismatch(let type, let context):
            let field = path(context.codingPath)
            return Failure(.invalidField, classOf(field), "\(field): expected \(jsonName(type)), found another type")
        case .dataCorrupted(let context):
            if context.codingPath.isEmpty {
                return Failure(.malformedJSON, .poison, "body: expected a JSON object; it cannot be read as JSON")
            }
            let field = path(context.codingPath)
            let code: ReasonCode = field.hasSuffix("task") ? .unknownTask : .invalidField
            return Failure(
                code, classOf(field),
                "\(field): \(allowedValues(field) ?? "the value is out of range, or not in the list of allowed ones")")
        @unknown default:
            return Failure(.malformedJSON, .poison, "body: it cannot be read as this event")
        }
    }

    /// A fault in the data is the publisher's to mend (`invalid`); one in the envelope or the whole body is poison.
    private static func classOf(_ field: String) -> FailureClass {
        ["body", "specversion", "id", "type", "source", "data"].contains(field) ? .poison : .invalid
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        var text = ""
        for key in keys {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + printable(key.stringValue)
            }
        }
        return text.isEmpty ? "body" : text
    }

    private static func allowedValues(_ field: String) -> String? {
        func listed(_ values: [String]) -> String { "expected one of " + values.joined(separator: ", ") }
        if field.hasSuffix("task") { return listed(ClinicalTask.allCases.map(\.rawValue)) }
        if field.hasSuffix("sequence") { return listed(MRSequence.allCases.map(\.rawValue)) }
        if field.hasSuffix("priority") { return listed(Priority.allCases.map(\.rawValue)) }
        if field.hasSuffix("plane") { return listed(Plane.allCases.map(\.rawValue)) }
        if field.hasSuffix("frame") { return listed(RegionBox.Frame.allCases.map(\.rawValue)) }
        if field.hasSuffix("missingSequences") { return listed(MissingSequencesPolicy.allCases.map(\.rawValue)) }
        return nil
    }

    private static func jsonName(_ type: Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Int.Type, is Int64.Type: "a whole number"
        case is Double.Type, is Float.Type: "a number"
        case is Bool.Type: "true or false"
        default: String(describing: type).hasPrefix("Array") ? "an array" : "an object"
        }
    }

    /// At most 40 characters of an identifier, without control characters.
    static func printable(_ text: String) -> String {
        String(text.unicodeScalars.prefix(40).map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) })
    }
}
