import AMQPClient
import WeirCore
import Glibc
import NIOCore
import WeirTopology

/// Settings that cannot work; the text says which and why.
public struct IngressError: Error, CustomStringConvertible {
    /// One sentence for a person.
    public let description: String
}

extension IngressSettings {
    /// Refuses numbers that would make the ingress hang or refuse everything.
    func check() throws(IngressError) {
        func require(_ holds: Bool, _ text: String) throws(IngressError) {
            guard holds else { throw IngressError(description: text) }
        }
        try require((0...65_535).contains(port), "the port is \(port); it must be from 0 to 65535")
        try require(
            !instance.isEmpty && instance.utf8.count <= 128
                && instance.utf8.allSatisfy(SKU.permits) && !instance.utf8.contains(UInt8(ascii: ".")),
            "the instance must have 1 to 128 characters out of A-Z a-z 0-9 _ : -, since it names a queue and binds it"
        )
        try require(
            !credentials.isOpen || Loopback.isLoopback(host),
            "without a credential anybody who reaches '\(host)' could do everything: make a key with `weir keys create`,"
                + " or name an issuer of JWTs (WEIR_JWT_JWKS), or listen at 127.0.0.1")
        if let jwt = credentials.jwt {
            try require(
                !jwt.issuer.isEmpty && !jwt.audience.isEmpty,
                "JWTs are taken only from a named issuer and for a named audience: set WEIR_JWT_ISSUER and"
                    + " WEIR_JWT_AUDIENCE")
        }
        try require((1...600).contains(keyTrustSeconds), "keys may be trusted for 1 to 600 seconds")
        try require(publishDeadlineSeconds >= 2, "the publish deadline must be at least 2 seconds")
        try require(shutdownGraceSeconds >= 4, "the shutdown grace must be at least 4 seconds")
        try require(
            waitLimitSeconds >= 0 && commandWaitSeconds >= 0 && lookUpTimeoutSeconds >= 1
                && readTimeoutSeconds >= 1 && writeTimeoutSeconds >= 1 && idleTimeoutSeconds >= 1,
            "times must not be negative, time-outs at least a second")
        try require(
            batchLimit >= 1 && largestBatchBody >= 1024 && batchMemory >= largestBatchBody && streamLimit >= 0
                && (1...30).contains(streamHeartbeatSeconds),
            "the limits of batches and streams leave no room for one")
        try require(
            largestBody >= 1024 && largestHead >= 1024 && headerFieldLimit >= 8 && connectionLimit >= 1,
            "the limits leave no room for a request")
    }

    /// The deadline has three parts: the wait for the flight before, the wait for the confirm, and the stall limit,
    /// because a broker that stops reading delays the confirm's time-out.
    var publisher: Publisher.Settings {
        var publisher = Publisher.Settings(
            amqp: AMQPSettings(url: amqpURL, connectionName: "weir ingress \(instance) publisher"))
        publisher.stallLimitSeconds = max(1, publishDeadlineSeconds * 2 / 5)
        publisher.confirmTimeoutSeconds = max(1, publishDeadlineSeconds * 2 / 5)
        publisher.mailboxLimit = max(1, inFlightLimit)
        return publisher
    }

    /// How long a wish may wait for the flight before it: as long as its look-up may take, and a fifth of the
    /// deadline.
    var lanePatienceNanoseconds: UInt64 {
        UInt64(publishDeadlineSeconds) * 200_000_000
            + (lookUpAtTheDoor ? UInt64(lookUpTimeoutSeconds) * 1_000_000_000 : 0)
    }

    var connectionLimits: ConnectionGuard.Limits {
        // A request may read, look up twice, publish and wait; a client must be able to take the answer as well.
        let answering =
            max(waitLimitSeconds, commandWaitSeconds) + publishDeadlineSeconds + 4 * lookUpTimeoutSeconds
            + writeTimeoutSeconds
        return ConnectionGuard.Limits(
            idle: .seconds(Int64(idleTimeoutSeconds)), reading: .seconds(Int64(readTimeoutSeconds)),
            answering: .seconds(Int64(answering)), connections: connectionsServed)
    }

    /// Descriptors that something else than connections needs: servers, threads, files.
    private static let reservedFiles = 64

    /// How many connections are served: fewer than wanted where the process may not open as many files. What it may is
    /// raised as far as the system allows.
    var connectionsServed: Int {
        var files = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else {
            return connectionLimit
        }
        if files.rlim_cur < files.rlim_max {
            var raised = files
            raised.rlim_cur = files.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { files = raised }
        }
        let possible = Int(clamping: files.rlim_cur) - Self.reservedFiles
        return max(1, min(connectionLimit, possible - Self.connectionsToTell(beside: possible)))
    }

    /// How many connections there may be beside those that are served, to be told that there are too many.
    static func connectionsToTell(beside served: Int) -> Int { max(16, min(1_000, served / 10)) }
}
