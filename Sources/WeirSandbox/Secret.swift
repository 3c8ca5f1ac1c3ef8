/// Passwords and cookies for one run.
enum Secret {
    /// 32 hexadecimal digits from the system's random numbers.
    static func random() -> String {
        (0..<32).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
    }
}
