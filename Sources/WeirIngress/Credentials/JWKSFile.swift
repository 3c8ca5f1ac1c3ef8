import Foundation
import Glibc
import JWTKit
import WeirWire

/// The issuer's public keys, as a file held them at one moment.
struct JWKSFile: Sendable {
    /// One key and the one algorithm for which it may be used.
    struct Key: Sendable {
        /// Its `kid`.
        let id: String
        let algorithm: any JWTAlgorithm
    }

    let keys: [Key]
    /// Why keys of the file are not used, one sentence each.
    let remarks: [String]

    /// Reads the file; throws when there is no key in it that can be used.
    static func read(_ path: String) async throws(IngressError) -> JWKSFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw IngressError(description: "the JWKS file '\(path)' cannot be read; correct WEIR_JWT_JWKS")
        }
        guard let set = try? JSONDecoder().decode(KeySet.self, from: data) else {
            throw IngressError(
                description: "the JWKS file '\(path)' is no JWK set; it looks like {\"keys\": [{…}, …]}")
        }
        var (keys, remarks) = ([Key](), [String]())
        for (position, entry) in set.keys.enumerated() {
            let id = entry.id ?? ""
            let name = id.isEmpty ? "key \(position + 1)" : "the key '\(printable(id))'"
            do throws(Flaw) {
                keys.append(try await entry.usable())
            } catch {
                remarks.append("\(name) of the JWKS file is not used: \(error.text)")
            }
        }
        guard !keys.isEmpty else {
            throw IngressError(
                description: "the JWKS file '\(path)' has no key that can be used"
                    + remarks.map { "; \($0)" }.joined())
        }
        return JWKSFile(keys: keys, remarks: remarks)
    }

    /// What tells one state of the file from another; nil when it is not there.
    static func stamp(_ path: String) -> [Int]? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        return [
            Int(facts.st_ino), Int(facts.st_size), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
        ]
    }

    // MARK: Reading

    private struct KeySet: Decodable { let keys: [Entry] }

    private struct Flaw: Error { let text: String }

    /// One key of the set. What cannot be used must not spoil the others, so nothing here throws while decoding.
    private struct Entry: Decodable {
        let id: String?
        private let type: String?
        private let use: String?
        private let statedAlgorithm: String?
        private let isPrivate: Bool
        private let jwk: JWK?

        private enum Names: String, CodingKey { case kid, kty, use, alg, d, k }

        init(from decoder: any Decoder) throws {
            let fields = try? decoder.container(keyedBy: Names.self)
            func text(_ name: Names) -> String? { try? fields?.decode(String.self, forKey: name) }
            id = text(.kid)
            type = text(.kty)
            use = text(.use)
            statedAlgorithm = text(.alg)
            isPrivate = fields?.contains(.d) ?? false
            jwk = try? JWK(from: decoder)
        }

        /// The key with its algorithm. A token's own word about its algorithm never chooses one: with a key that
        /// served several, whoever sends the token could.
        func usable() async throws(Flaw) -> Key {
            guard let id, !id.isEmpty else { throw Flaw(text: "it has no kid, so no token can name it") }
            guard type != "oct" else {
                throw Flaw(
                    text: "it is a shared secret; only public keys can check without being able to sign")
            }
            guard use == nil || use == "sig" else { throw Flaw(text: "it is not for signatures (use)") }
            guard !isPrivate else {
                throw Flaw(text: "it is a private key; take the member d and its companions out of the file")
            }
            guard var jwk, let algorithm = Self.algorithm(of: jwk, stated: statedAlgorithm) else {
                throw Flaw(text: "its type or algorithm is none of RS, PS, ES 256, 384, 512 or EdDSA")
            }
            jwk.algorithm = algorithm
            do {
                let collection = try await JWTKeyCollection().add(jwk: jwk)
                return Key(
                    id: id, algorithm: try await collection.getKey(for: JWKIdentifier(string: id)))
            } catch {
                throw Flaw(text: "it cannot be read as a key for \(algorithm.rawValue)")
            }
        }

        private static func algorithm(of jwk: JWK, stated: String?) -> JWK.Algorithm? {
            if stated != nil {
                return jwk.algorithm.flatMap { $0 == .rsaOAEP ? nil : $0 }
            }
            switch jwk.keyType {
            case .rsa: return .rs256
            case .octetKeyPair: return .eddsa
            default:
                switch jwk.curve {
                case .ecdsa(.p256): return .es256
                case .ecdsa(.p384): return .es384
                case .ecdsa(.p521): return .es512
                default: return nil
                }
            }
        }
    }
}
