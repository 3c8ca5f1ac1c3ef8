import WeirCore

extension JSONFields {
    /// A required text.
    mutating func text(_ name: String) throws(WireRefusal) -> String {
        guard let value = take(name) else {
            throw WireRefusal(.missingField, at: name, "the field '\(name)' is missing; send it as a string")
        }
        guard case .text(let text) = value else {
            throw invalid(name, "must be a string, not \(value.kind)")
        }
        return text
    }

    /// A required identifier.
    mutating func identifier<ID: Identifier>(_ name: String, as type: ID.Type) throws(WireRefusal) -> ID {
        guard let value = take(name) else {
            throw WireRefusal(.missingField, at: name, "the field '\(name)' is missing; send \(ID.form)")
        }
        guard case .text(let text) = value else {
            throw invalid(name, "must be a string of \(ID.form), not \(value.kind)")
        }
        guard let identifier = ID(text) else { throw invalid(name, "must have \(ID.form)") }
        return identifier
    }

    /// An optional whole number in a range.
    mutating func optionalInteger(
        _ name: String, in range: ClosedRange<Int64>
    ) throws(WireRefusal) -> Int64? {
        switch take(name) {
        case nil: return nil
        case .integer(let number) where range.contains(number): return number
        case .integer(let number):
            throw invalid(
                name, "is \(number), but must be from \(range.lowerBound) to \(range.upperBound)")
        case .some(let value):
            throw invalid(
                name,
                "must be a whole number from \(range.lowerBound) to \(range.upperBound), written in digits"
                    + " without point, exponent or quotes, not \(value.kind)")
        }
    }

    /// A required whole number in a range.
    mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(WireRefusal) -> Int64 {
        guard let number = try optionalInteger(name, in: range) else {
            throw WireRefusal(
                .missingField, at: name,
                "the field '\(name)' is missing; send a whole number from \(range.lowerBound) to"
                    + " \(range.upperBound)")
        }
        return number
    }

    /// A required buyer.
    mutating func buyer(_ name: String) throws(WireRefusal) -> Buyer {
        guard let buyer = Buyer(try text(name)) else { throw invalid(name, "must have \(Buyer.form)") }
        return buyer
    }

    func invalid(_ name: String, _ problem: String) -> WireRefusal {
        WireRefusal(.invalidField, at: name, "the field '\(name)' \(problem)")
    }
}
