import Contracts

/// The failure that a call ends with; nil when it ends well.
func failure(of call: () throws(Failure) -> some Any) -> Failure? {
    do {
        _ = try call()
        return nil
    } catch {
        return error
    }
}
