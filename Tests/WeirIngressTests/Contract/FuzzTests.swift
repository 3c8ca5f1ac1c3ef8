import Foundation
import Testing

@testable import WeirIngress

/// Requests that schemathesis makes up from the OpenAPI file, right ones and wrong ones, in sequences and alone: none
/// may be answered otherwise than the file says, and none may be a server's error.
///
/// Slow, and chance has a part in it: only run by `make fuzz`.
@Suite(.serialized) struct FuzzTests {
    private static let seconds = ProcessInfo.processInfo.environment["WEIR_FUZZ_SECONDS"].flatMap(Int.init)

    /// What there is to try, with its part of the time.
    enum Door: CaseIterable {
        /// A server without credentials.
        case open
        /// One that asks for them, and a client that may do everything.
        case withKey
        /// The same, and a client that has none.
        case withoutKey

        var share: Double {
            switch self {
            case .open: 0.4
            case .withKey: 0.4
            case .withoutKey: 0.2
            }
        }
    }

    @Test(.enabled(if: seconds != nil, "run by make fuzz"), arguments: Door.allCases)
    func nothingIsAnsweredOtherwiseThanDescribed(_ door: Door) async throws {
        try await IngressRoom.with {
            // A wait for what never comes shall not take the fuzzer's time.
            $0.waitLimitSeconds = 1
            $0.streamHeartbeatSeconds = 1
            if door != .open { $0.credentials = .required(nil) }
        } _: { room in
            var arguments: [String] = []
            var environment = ["PYTHONPATH": Python.file(".ci")]
            switch door {
            case .open:
                try await room.define("tea", 1_000_000)
                environment["WEIR_FUZZ_OPEN"] = "1"
            case .withKey:
                let key = try await room.key(
                    .intentsWrite, .intentsRead, .stockRead, .stockWrite, .deadWrite)
                _ = try await room.define("tea", 1_000_000, as: key.text)
                // The key goes along always; what becomes of requests without one is tried behind the third door.
                environment["WEIR_FUZZ_OPEN"] = "1"
                arguments = ["--header", "Authorization: Bearer \(key.text)"]
            case .withoutKey:
                // Refused is everything, good and bad: what remains is that it is refused as described.
                arguments = [
                    "--exclude-checks",
                    "positive_data_acceptance,negative_data_rejection,missing_required_header",
                ]
            }
            let share = max(1, Int(Double(Self.seconds ?? 60) * door.share))
            let (status, output) = try await Python.run(
                "st",
                [
                    "--config-file", Python.file(".ci/schemathesis.toml"), "run",
                    "http://127.0.0.1:\(room.port)/openapi.yaml", "--max-time", "\(share)",
                ] + arguments, environment: environment)
            #expect(status == 0, "\(output)")
            print(output.suffix(400))
        }
    }
}
