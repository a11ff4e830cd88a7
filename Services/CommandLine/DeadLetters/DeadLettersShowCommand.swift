import Classifiers
import ArgumentParser
import Messaging

/// `oncorelay dead-letters show MESSAGE-ID`
struct DeadLettersShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one parked message with its headers.",
        discussion: """
            Prints a JSON object: what 'list' tells, and exchange, routingKey, headers; with --body also body. The \
            body may hold what identifies a patient.
            Exit codes: 0 shown, 1 no parked message has that id, 64 wrong use, 69 the broker cannot be reached or \
            refuses.
            """)

    @Argument(help: ArgumentHelp("The id, as 'list' shows it.", valueName: "message-id"))
    var messageID: String

    @Flag(help: "Also the message's body.")
    var body = false

    @OptionGroup var parking: ParkingOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let work = DeadLetterWork(broker: try broker.makeBroker(), source: parking.stage)
        let messageID = messageID
        let found = try await Interruption.cancels { try await work.find(messageID) }
        guard let first = found.first else {
            throw CommandFailure(
                "no parked message has the id \(TextTable.printable(messageID)); 'oncorelay dead-letters list' shows "
                    + "which there are", .findings)
        }
        if found.count > 1 { Console.standard.note("the first of \(found.count) messages with this id is shown") }
        try Console.standard.json(ParkedMessageInFull(first.message, first.delivery, withBody: body))
    }
}

/// A parked message with everything that travels with it.
struct ParkedMessageInFull: Encodable, Sendable {
    var message: ParkedMessage
    var exchange: String
    var routingKey: String
    var headers: [String: JSONValue]
    /// JSON as JSON, other text as a string, anything else as an array of its bytes.
    var body: JSONValue?

    private enum CodingKeys: String, CodingKey { case exchange, routingKey, headers, body }

    init(_ message: ParkedMessage, _ delivery: Delivery, withBody: Bool) {
        self.message = message
        exchange = delivery.exchange
        routingKey = delivery.routingKey
        headers = delivery.properties.headers.mapValues(JSONValue.init)
        body = withBody ? Self.readable(delivery.body) : nil
    }

    func encode(to encoder: any Encoder) throws {
        try message.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(exchange, forKey: .exchange)
        try container.encode(routingKey, forKey: .routingKey)
        try container.encode(headers, forKey: .headers)
        try container.encodeIfPresent(body, forKey: .body)
    }

    private static func readable(_ bytes: [UInt8]) -> JSONValue {
        if let value = JSONValue(bytes) { return value }
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        return .array(bytes.map { .int(Int64($0)) })
    }
}
