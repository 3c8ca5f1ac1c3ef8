import HummingbirdCore
import NIOCore
import WeirWire

extension Request {
    /// The whole body, of at most `limit` bytes. What a larger one has more is not read.
    ///
    /// `admit` is told of every piece before it is kept, and may refuse it.
    func bytes(
        upTo limit: Int, admit: (Int) throws(Problem) -> Void = { _ in }
    ) async throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await buffer in body {
                guard bytes.count + buffer.readableBytes <= limit else { throw BodyHeaders.tooLarge(limit) }
                try admit(buffer.readableBytes)
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            var problem = Problem(
                .malformedBody, "the body could not be read to its end; send it whole, in valid HTTP framing")
            problem.closes = true
            throw problem
        }
        return bytes
    }

    /// The members of the body, which must be a JSON object.
    func jsonFields(upTo limit: Int) async throws(Problem) -> JSONFields {
        let bytes = try await bytes(upTo: limit)
        do {
            return try JSONFields(bytes)
        } catch {
            throw Problem(error)
        }
    }
}

/// Turns a refusal of the wire's into a problem.
func reading<Value>(_ body: () throws(WireRefusal) -> Value) throws(Problem) -> Value {
    do {
        return try body()
    } catch {
        throw Problem(error)
    }
}
