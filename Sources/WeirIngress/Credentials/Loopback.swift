import Glibc

/// Addresses that only this machine reaches.
public enum Loopback {
    /// Whether a host to listen at is one: 127.0.0.0/8, `::1` or `localhost`. Other names are not looked up, since
    /// what they mean may change.
    public static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        var address = in_addr()
        guard inet_pton(AF_INET, host, &address) == 1 else { return false }
        return UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}
