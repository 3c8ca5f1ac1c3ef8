/// A value in one place, however many hold it: deliveries and events pass through many hands, each of which would count
/// each of their texts.
final class Box<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }

    /// A changed copy in a box of its own.
    func changed(_ change: (inout Value) -> Void) -> Box {
        var copy = value
        change(&copy)
        return Box(copy)
    }
}

extension Box: Equatable where Value: Equatable {
    static func == (one: Box, other: Box) -> Bool { one === other || one.value == other.value }
}

extension Box: Hashable where Value: Hashable {
    func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
