import Crypto
import Foundation

/// A broker user's password as RabbitMQ's definitions hold it (guide 'Passwords'): four random bytes, and the SHA-256 of
/// these and the password, together in base64.
public enum BrokerPassword {
    /// The hash of a password, another one every time.
    public static func hash(_ password: String) -> String {
        let salt = (0..<4).map { _ in UInt8.random(in: .min ... .max) }
        let digest = SHA256.hash(data: salt + Array(password.utf8))
        return Data(salt + Array(digest)).base64EncodedString()
    }
}
