/// Checks that several messages share. Each throws a ``Failure`` of class `invalid` that names the field.
enum Check {
    /// Ids of runs and regions: they become store keys, file names and routing words.
    static func identifier(_ text: String, _ field: String) throws(Failure) {
        let allowed = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0)
        }
        guard allowed, (1...128).contains(text.utf8.count), text != ".", text != ".." else {
            throw invalid(field, "expected 1 to 128 letters, digits, '-', '_' or '.'")
        }
    }

    static func identifiersDiffer(_ identifiers: [String], _ field: String) throws(Failure) {
        var seen = Set<String>()
        for (index, identifier) in identifiers.enumerated() where !seen.insert(identifier).inserted {
            throw invalid("\(field)[\(index)].id", "this id was already given")
        }
    }

    static func sha256(_ text: String, _ field: String) throws(Failure) {
        guard isSHA256(text) else { throw invalid(field, "expected 64 hexadecimal digits") }
    }

    /// 64 hexadecimal digits of ASCII, in either case.
    static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (48...57).contains($0) || (65...70).contains($0) || (97...102).contains($0) }
    }

    static func atLeast(_ minimum: Int, _ number: Int, _ field: String) throws(Failure) {
        guard number >= minimum else { throw invalid(field, "expected \(minimum) or more, found \(number)") }
    }

    static func positive(_ number: Double, _ field: String) throws(Failure) {
        guard number.isFinite, number > 0 else { throw invalid(field, "expected a number above 0") }
    }

    static func measure(_ number: Double, _ field: String) throws(Failure) {
        guard number.isFinite, number >= 0 else { throw invalid(field, "expected a number of 0 or more") }
    }

    static func share(_ number: Double, _ field: String) throws(Failure) {
        guard (0...1).contains(number) else { throw invalid(field, "expected a number from 0 to 1, found \(number)") }
    }

    static func shares(_ numbers: [String: Double], _ field: String) throws(Failure) {
        for (name, number) in numbers { try share(number, "\(field).\(EventCoding.printable(name))") }
    }

    /// A 4×4 affine, row by row.
    static func affine(_ numbers: [Double], _ field: String) throws(Failure) {
        guard numbers.count == 16, numbers.allSatisfy(\.isFinite) else {
            throw invalid(field, "expected 16 finite numbers (4×4, row by row), found \(numbers.count)")
        }
    }

    static func invalid(_ field: String, _ expectation: String) -> Failure {
        Failure(.invalidField, .invalid, "\(field): \(expectation)")
    }
}
