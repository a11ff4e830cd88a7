package import Messaging

extension MessageProperties {
    /// Without what the broker wrote into the headers on the message's way so far.
    package var withoutBrokerHeaders: MessageProperties {
        var copy = self
        copy.headers = headers.filter { name, _ in
            name != "x-death" && name != "x-delivery-count" && !name.hasPrefix("x-first-death-")
                && !name.hasPrefix("x-last-death-") && name != "CC" && name != "BCC"
        }
        // The broker checks the user who publishes; it is us now.
        copy.userID = nil
        return copy
    }
}
