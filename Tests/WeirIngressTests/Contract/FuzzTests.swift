import Foundation
import Testing

/// Requests that schemathesis makes up from the OpenAPI file, right ones and wrong ones, in sequences and alone: none
/// may be answered otherwise than the file says, and none may be a server's error.
///
/// Slow, and chance has a part in it: only run by `make fuzz`.
@Suite struct FuzzTests {
    private static let seconds = ProcessInfo.processInfo.environment["WEIR_FUZZ_SECONDS"].flatMap(Int.init)

    @Test(.enabled(if: seconds != nil, "run by make fuzz")) func nothingIsAnsweredOtherwiseThanDescribed()
        async throws
    {
        try await IngressRoom.with {
            // A wait for what never comes shall not take the fuzzer's time.
            $0.waitLimitSeconds = 1
            $0.streamHeartbeatSeconds = 1
        } _: { room in
            try await room.define("tea", 1_000_000)
            let (status, output) = try await Python.run(
                "st",
                [
                    "--config-file", Python.file(".ci/schemathesis.toml"), "run",
                    "http://127.0.0.1:\(room.port)/openapi.yaml", "--max-time", "\(Self.seconds ?? 60)",
                ], environment: ["PYTHONPATH": Python.file(".ci")])
            #expect(status == 0, "\(output)")
            print(output.suffix(1_500))
        }
    }
}
