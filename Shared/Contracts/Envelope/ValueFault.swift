#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Finds the number or text that a field of a message cannot hold.
///
/// Foundation's decoder reads numbers and escapes only when a field asks for them, and then does not say where it met
/// a fraction in a whole-number field, a number beyond a double, or half a surrogate pair. This goes over the JSON
/// again, only after such a failure, and stops at the first such value.
struct ValueFault: Error {
    /// Where the value stands.
    let path: [any CodingKey]
    /// For the failure's text, for example `a whole number`.
    let expected: String

    /// Fields of messages that hold whole numbers.
    private static let wholeNumberFields: Set<String> = [
        "attempt", "attempts", "byteCount", "labels", "recovery", "regionsDone", "regionsExpected", "revision",
        "series", "shape", "slice",
    ]

    /// The first such value of `body`; nil when there is none, or when it is not JSON.
    static func find(in body: [UInt8]) -> ValueFault? {
        do {
            _ = try JSONDecoder().decode(Walk.self, from: Data(body))
            return nil
        } catch {
            return error as? ValueFault
        }
    }

    /// Reads any JSON value and keeps nothing of it.
    private struct Walk: Decodable {
        init(from decoder: any Decoder) throws {
            if let container = try? decoder.container(keyedBy: AnyKey.self) {
                for key in container.allKeys { _ = try container.decode(Walk.self, forKey: key) }
                return
            }
            if var container = try? decoder.unkeyedContainer() {
                while !container.isAtEnd { _ = try container.decode(Walk.self) }
                return
            }
            let value = try decoder.singleValueContainer()
            if value.decodeNil() || (try? value.decode(Bool.self)) != nil || (try? value.decode(Int.self)) != nil {
                return
            }
            if (try? value.decode(Double.self)) != nil {
                let field = decoder.codingPath.last { $0.intValue == nil }?.stringValue
                guard let field, ValueFault.wholeNumberFields.contains(field) else { return }
                throw ValueFault(path: decoder.codingPath, expected: "a whole number of at most 64 bits")
            }
            do {
                _ = try value.decode(String.self)
            } catch DecodingError.typeMismatch {
                throw ValueFault(path: decoder.codingPath, expected: "a JSON number that a double can hold")
            } catch {
                throw ValueFault(path: decoder.codingPath, expected: "a text whose escapes are whole characters")
            }
        }
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
